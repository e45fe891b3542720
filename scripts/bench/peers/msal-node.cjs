// A sign-in with @azure/msal-node's loopback. What it would send to Microsoft's token endpoint goes to the stand-in's.
const process = require('node:process');
const { PublicClientApplication } = require('@azure/msal-node');

const [, , provider] = process.argv;
const { fetch } = globalThis;
globalThis.fetch = async (_url, init) => fetch(`${provider}/token`, init);

const application = new PublicClientApplication({
  auth: {
    clientId: '00000000-0000-0000-0000-000000000000',
    authority: 'https://login.microsoftonline.com/common',
  },
});
application
  .acquireTokenInteractive({
    scopes: ['openid'],
    openBrowser: async (url) => void process.stderr.write(`${url}\n`),
  })
  .then(() => process.exit());
