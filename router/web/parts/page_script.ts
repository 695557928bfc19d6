/**
 * What the pages can do better with scripts: copy a line, test a connection without leaving the page, filter while typing, exact
 * times as the reader's clock has them. Nothing needs it.
 */
export const PAGE_SCRIPT = `
const status = document.getElementById('status');
const say = (text) => { status.textContent = text; };
for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const source = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(source.textContent);
      say('Copied.');
      button.textContent = 'Copied';
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    } catch {
      getSelection().selectAllChildren(source);
      say('Selected; copy it with your keyboard.');
    }
  });
}
for (const form of document.querySelectorAll('[data-test]')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    const row = form.closest('.row');
    const result = row.querySelector('output');
    button.disabled = true;
    result.textContent = 'Testing…';
    try {
      const answer = await fetch(form.action, { method: 'POST', headers: { Accept: 'application/json' } });
      const said = await answer.json();
      const ways = ['http', 'tcp'].filter((way) => said[way]);
      for (const way of ways) {
        const state = { answers: 'open', waiting: 'waiting', 'not-served': 'refused' }[said[way].outcome] ?? 'failing';
        const word = row.querySelector('[data-way=' + way + '] .state');
        word.className = 'state ' + state;
        word.textContent = state === 'failing' ? 'does not answer' : state;
      }
      result.textContent = answer.ok
        ? ways.map((way) => way.toUpperCase() + ': ' + said[way].detail).join(' ')
        : said.title + '. ' + said.detail;
    } catch {
      result.textContent = 'The router does not answer.';
    }
    button.disabled = false;
    button.focus();
  });
}
const find = document.querySelector('[data-find]');
if (find) {
  const rows = [...document.querySelectorAll('#endpoints .row')];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  find.addEventListener('input', () => {
    const words = find.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, index) => {
      row.hidden = !words.every((word) => texts[index].includes(word));
      if (!row.hidden) shown += 1;
    });
    say(shown + ' of ' + rows.length + ' shown.');
  });
}
const people = document.querySelector('[data-people]');
if (people) {
  const box = people.closest('.choice').querySelector('[type=radio]');
  let waits;
  people.addEventListener('input', () => {
    box.checked = true;
    clearTimeout(waits);
    waits = setTimeout(async () => {
      const cut = people.value.lastIndexOf(';') + 1;
      const wanted = people.value.slice(cut).trim();
      if (wanted.length < 2) return;
      const answer = await fetch('/api/v1/people?q=' + encodeURIComponent(wanted)).catch(() => undefined);
      if (!answer?.ok) return;
      const found = (await answer.json()).people;
      const before = people.value.slice(0, cut) + (cut > 0 ? ' ' : '');
      people.list.replaceChildren(...found.map(({ id, name }) => {
        const alone = found.filter((one) => one.name === name).length === 1 && !name.includes(';');
        const option = document.createElement('option');
        option.value = before + (alone && name ? name : id);
        option.label = name || id;
        return option;
      }));
    }, 200);
  });
}
for (const time of document.querySelectorAll('time')) {
  time.title = new Date(time.dateTime).toLocaleString();
}
`;
