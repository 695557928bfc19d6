/** Node's own WebSocket as a ProxyCommand; its argument is the endpoint's URL. One line, as the README has it. */
const NODE_CLIENT = `const w=new WebSocket(process.argv[1],{protocols:["tcp.task-traffic-router"],headers:{authorization:"Bearer "+process.env.CLEARML_TOKEN}});w.binaryType="arraybuffer";w.onopen=()=>process.stdin.on("data",d=>w.send(d)).on("end",()=>w.send(new Uint8Array()));w.onmessage=e=>process.stdout.write(Buffer.from(e.data));w.onclose=()=>process.exit()`;

/** The beginning of a command line that carries a TCP connection over WebSocket, with the token of CLEARML_TOKEN. */
export const NODE_TUNNEL = `${process.execPath} -e '${NODE_CLIENT}'`;
