# What Google's Python quickstarts do to get a token that was stored and still works.
import json
import sys

from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials
from google_auth_oauthlib.flow import InstalledAppFlow

with open(sys.argv[1]) as file:
    stored = json.load(file)
credentials = Credentials(
    stored["access_token"],
    refresh_token=stored["refresh_token"],
    token_uri="https://oauth2.googleapis.com/token",
    client_id=stored["client_id"],
    client_secret=stored["client_secret"],
)
if not credentials.valid:
    credentials.refresh(Request())
print(credentials.token)
