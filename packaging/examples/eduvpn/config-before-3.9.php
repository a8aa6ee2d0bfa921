<?php

// The RADIUS part of /etc/vpn-user-portal/config.php of eduVPN and Let's Connect! before
// 3.9, which takes a challenge for a wrong password: users type the code behind the
// password. The other side is vpn-otpd-before-3.9.toml. Needs PHP's extension "radius".
// Put these keys into the array that the file returns.
return [
    // Releases 3.0 to 3.8.
    'authModule' => 'RadiusAuthModule',
    'RadiusAuthModule' => [
        'serverList' => [
            '192.0.2.1:1812:put-the-shared-secret-here',
        ],
        'nasIdentifier' => 'vpn.example.org',
    ],

    // Releases 2.x, whose own two-factor vpn-otpd takes the place of.
    'authMethod' => 'FormRadiusAuthentication',
    'FormRadiusAuthentication' => [
        'serverList' => [
            [
                'host' => '192.0.2.1',
                'port' => 1812,
                'secret' => 'put-the-shared-secret-here',
            ],
        ],
        'nasIdentifier' => 'vpn.example.org',
    ],
    'requireTwoFactor' => false,
    'twoFactorMethods' => [],
];
