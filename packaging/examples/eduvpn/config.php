<?php

// The RADIUS part of /etc/vpn-user-portal/config.php of eduVPN and Let's Connect!
// from 3.9 on: the portal shows vpn-otpd's challenge as a second form. The other side
// is vpn-otpd.toml. Put these keys into the array that the file returns.
return [
    'authModule' => 'RadiusAuthModule',
    'RadiusAuthModule' => [
        // Address, port, secret. Of several, the next is asked when one is silent.
        'serverList' => [
            '192.0.2.1:1812:put-the-shared-secret-here',
        ],
        'nasIdentifier' => 'vpn.example.org',
        // Its own 3 seconds are few where a directory checks the passwords.
        'timeOutSec' => 10,
        // vpn-otpd's answers carry it: nobody on the way can forge them.
        'requireMessageAuthenticator' => true,
    ],
];
