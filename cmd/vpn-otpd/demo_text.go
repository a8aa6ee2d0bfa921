package main

import "text/template"

var demoConfig = template.Must(template.New("config").Parse(`# The configuration of this demo. Two-factor is enforced.
require_two_factor = true
two_factor_methods = ["totp"]

[store]
path = "{{.Database}}"
key_file = "{{.Folder}}/key/store.key"

[radius]
listen = ["{{.Address}}"]

# Knows challenges: first the password, then the code.
[[radius.client]]
name = "vpn"
networks = ["127.0.0.1/32"]
secret_file = "{{.SecretFile}}"

# Knows none: password and code in one field.
[[radius.client]]
name = "portal"
networks = ["127.0.0.2/32"]
secret_file = "{{.SecretFile}}"
mode = "append"

[enroll]
listen = "{{.Page}}"
url = "http://{{.Page}}/2fa/"
first_use = "challenge"
issuer = "vpn-otpd demo"

[admin]
socket = "{{.Socket}}"
`))

var demoText = template.Must(template.New("demo").Parse(`
{{.QR}}
Scan this with an authenticator app, or enter the secret {{.Device}}

The daemon answers on {{.Address}}; two-factor is enforced. User "{{.User}}" has the password "{{.Password}}".
Try it from another terminal, in this folder:

  A login as a VPN server makes it: the password, then the code that the app shows.
    go run ./cmd/vpn-otpctl login {{.User}} --server {{.Address}} --secret-file {{.SecretFile}}

  The first half of it with radclient (Debian: freeradius-utils): an Access-Challenge.
    echo 'User-Name={{.User}},User-Password={{.Password}},Message-Authenticator=0x00' | radclient -x {{.Address}} auth {{.Secret}}

  Password and code in one field, for clients that know no challenge (Debian: oathtool).
    echo "User-Name={{.User}},User-Password={{.Password}}$(oathtool --totp -b {{.Device}}),Message-Authenticator=0x00,Packet-Src-IP-Address=127.0.0.2" | radclient -x {{.Address}} auth {{.Secret}}

User "{{.Newcomer}}" has the password "{{.NewcomerPassword}}", isn't enrolled yet, and must be:

  In a VPN login: the challenge names an address. Open it in a browser, scan the code there, and type what the
  app shows where the login waits.
    go run ./cmd/vpn-otpctl login {{.Newcomer}} --server {{.Address}} --secret-file {{.SecretFile}}

  Or in the browser alone: sign in, and see what users see. "{{.User}}" can sign in there too.
    http://{{.Page}}/2fa/

  The administrator's side: what is known of a user; an invitation to enroll; a reset, to try it all again.
    go run ./cmd/vpn-otpctl --socket {{.Socket}} user show {{.User}}
    go run ./cmd/vpn-otpctl --socket {{.Socket}} invite {{.Newcomer}}
    go run ./cmd/vpn-otpctl --socket {{.Socket}} --yes reset {{.Newcomer}}

The store is {{.Database}}, the configuration {{.Config}}.
Each decision is shown here as it happens. Ctrl-C ends the demo and removes its files.

`))
