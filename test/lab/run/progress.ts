import { Listr } from 'listr2';

/** Shows a run's steps: live where there is a terminal, as plain lines elsewhere. */
export interface Progress {
  /** Runs one step. `tell` shows what it is at; what it returns as `done` takes the title's place at the end. */
  step<T>(
    title: string,
    work: (tell: (detail: string) => void) => Promise<{ readonly done: string; readonly value: T }>,
  ): Promise<T>;
  /** Lines that stay. */
  say(text: string): void;
}

/** Progress on standard output. */
export const progress: Progress = {
  async step(title, work) {
    const result = Promise.withResolvers<Awaited<ReturnType<typeof work>>['value']>();
    const list = new Listr(
      [
        {
          title,
          task: async (_, task) => {
            try {
              const { done, value } = await work((detail) => {
                task.output = detail;
              });
              task.title = done;
              result.resolve(value);
            } catch (error) {
              result.reject(error);
              // Only marks the step: the error itself is for whoever called.
              throw new Error('see below', { cause: error });
            }
          },
        },
      ],
      {
        // Its own listeners would end the process at Ctrl-C, with everything left behind.
        registerSignalListeners: false,
      },
    );
    await list.run().catch(() => undefined);
    return result.promise;
  },
  say(text) {
    process.stdout.write(`${text}\n`);
  },
};
