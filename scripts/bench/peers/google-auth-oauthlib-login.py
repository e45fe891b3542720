# A sign-in as Google's Python quickstarts do it; the address is printed, no browser is opened.
import os
import sys

from google_auth_oauthlib.flow import InstalledAppFlow

# The provider is a stand-in on loopback, which answers over http and may grant other scopes.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"
provider = sys.argv[1]
client = {
    "client_id": "bench",
    "client_secret": "bench",
    "auth_uri": provider + "/authorize",
    "token_uri": provider + "/token",
}
flow = InstalledAppFlow.from_client_config({"installed": client}, ["openid"])
sys.stdout.reconfigure(line_buffering=True)
flow.run_local_server(port=0, open_browser=False)
