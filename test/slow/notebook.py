"""The notebook that thousands have copied, as a script: each part was one of its cells. Its argument is the API's address."""

import json
import sys
import urllib.error
import urllib.request

# Read the configuration.
with open(".env") as file:
    env = json.load(file)
client_id, client_secret = env["client_id"], env["client_secret"]
access_token = env["access_token"]

# Ask for the data, with the token that is in the file.
request = urllib.request.Request(
    sys.argv[1] + "/1/user/-/profile.json",
    headers={"Authorization": "Bearer " + access_token},
)
try:
    with urllib.request.urlopen(request) as response:
        print(json.dumps(json.load(response), indent=2))
except urllib.error.HTTPError as refusal:
    for error in json.load(refusal)["errors"]:
        print(error["errorType"] + ": " + error["message"])
    sys.exit(1)
