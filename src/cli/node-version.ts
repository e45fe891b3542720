// Imported first, to say what is needed where Node is too old to load the rest.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`fitbit-login needs Node.js 20.19 or later. This is ${process.versions.node}.\n`);
  process.exit(2);
}
