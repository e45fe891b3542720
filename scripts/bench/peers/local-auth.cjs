// A sign-in with @google-cloud/local-auth. Its package `open` is loaded as ever, but prints the address and opens nothing; its
// token endpoint is the stand-in's.
const process = require('node:process');

const [, , provider, keyfilePath] = process.argv;
const open = require.resolve('open');
require(open);
require.cache[open].exports = async (url) => {
  process.stderr.write(`${url}\n`);
  return { unref() {} };
};
const { OAuth2Client } = require('google-auth-library');
const { getToken } = OAuth2Client.prototype;
OAuth2Client.prototype.getToken = function (options) {
  this.endpoints = { ...this.endpoints, oauth2TokenUrl: `${provider}/token` };
  return getToken.call(this, options);
};
const { authenticate } = require('@google-cloud/local-auth');

authenticate({ keyfilePath, scopes: ['openid'] }).then(() => process.exit());
