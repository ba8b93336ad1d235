/** A country with a centre of three servers and two sites. */
export const COUNTRY = `name: vietnam
plan: federated
server: 2.14.3
tls: { ca: /etc/congvan/tls/ca.pem, cert: /etc/congvan/tls/server.pem, key: /etc/congvan/tls/server.key }
centre:
  servers:
    - { name: c1, host: c1.bus.example.vn, disk: 500GB }
    - { name: c2, host: c2.bus.example.vn, disk: 500GB }
    - { name: c3, host: c3.bus.example.vn, disk: 500GB }
sites:
  - code: TW
    servers: [{ name: tw, host: tw.bus.example.vn, disk: 200GB }]
  - code: H09
    servers: [{ name: h09, host: h09.bus.example.vn, disk: 200GB }]
relays:
  - { code: TW.RELAY, site: TW }
`;
