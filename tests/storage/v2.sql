-- The room of v1.sql, brought into the second schema by that version's own step. Never to be changed.
CREATE TABLE meta (
        version INTEGER NOT NULL, epoch TEXT NOT NULL, secret TEXT NOT NULL, created_at INTEGER NOT NULL
    );
INSERT INTO meta VALUES (2, '840f9395de295368f5c6fc97b05e77dc', 'af4d68b9c5a4991e05d17abfbff1be4166f9ec7ed3668e0968a2cb26e8159a70', 1795309297347);
CREATE TABLE segment (
        first_seq INTEGER PRIMARY KEY, last_at INTEGER NOT NULL, keys TEXT NOT NULL, body TEXT NOT NULL
    , bytes_before INTEGER NOT NULL DEFAULT 0);
INSERT INTO segment VALUES (1, 1795309298614, 'd63642fe0820c495d6363ffe0820bf7cd63640fe0820c12fd6363dfe0820bc16d6363efe0820bdc9d6363bfe0820b8b0d6363cfe0820ba63d63649fe0820d07ad6364afe0820d22d1ef87aa7cfae245f1ef879a7cfae22ac1ef87ca7cfae27c51ef87ba7cfae26121ef876a7cfae1d931ef875a7cfae1be01ef878a7cfae20f91ef877a7cfae1f461ef882a7cfae31f71ef881a7cfae30441eee08a7cfa50e241eee09a7cfa50fd71eee0aa7cfa5118a1eee0ba7cfa5133d1eee04a7cfa507581eee05a7cfa5090b1eee06a7cfa50abe1eee07a7cfa50c711eee00a7cfa5008c1eee01a7cfa5023f1ef18ea7cfa827ad1ef18da7cfa825fa1ef18ca7cfa824471ef18ba7cfa822941ef18aa7cfa820e11ef189a7cfa81f2e1ef188a7cfa81d7b1ef187a7cfa81bc81ef186a7cfa81a151ef185a7cfa818621ee77ca7cf9fb4921ee77da7cf9fb6451ee77aa7cf9fb12c1ee77ba7cf9fb2df1ee778a7cf9fadc61ee779a7cf9faf791ee776a7cf9faa601ee777a7cf9fac131ee784a7cf9fc22a1ee785a7cf9fc3dd1eeb02a7cfa2ce1b1eeb01a7cfa2cc681eeb04a7cfa2d1811eeb03a7cfa2cfce1eeb06a7cfa2d4e71eeb05a7cfa2d3341eeb08a7cfa2d84d1eeb07a7cfa2d69a1eeafaa7cfa2c0831eeaf9a7cfa2bed01ee070a7cf9981801ee071a7cf9983331ee072a7cf9984e61ee073a7cf9986991ee074a7cf99884c', '{"type":"message","seq":1,"id":"id-1","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 1","sent_at":1795309297365}
{"type":"message","seq":2,"id":"id-2","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 2","sent_at":1795309297374}
{"type":"message","seq":3,"id":"id-3","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 3","sent_at":1795309297377}
{"type":"message","seq":4,"id":"id-4","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 4","sent_at":1795309297379}
{"type":"message","seq":5,"id":"id-5","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 5","sent_at":1795309297381}
{"type":"message","seq":6,"id":"id-6","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 6","sent_at":1795309297384}
{"type":"message","seq":7,"id":"id-7","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"seven\n  😀 <b> \"quoted\"","sent_at":1795309297386}
{"type":"message","seq":8,"id":"id-8","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 8","sent_at":1795309297389}
{"type":"message","seq":9,"id":"id-9","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 9","sent_at":1795309297391,"reply_to":7}
{"type":"message","seq":10,"id":"id-10","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 10","sent_at":1795309297394}
{"type":"message","seq":11,"id":"id-11","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 11","sent_at":1795309297396}
{"type":"message","seq":12,"id":"id-12","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 12","sent_at":1795309297398}
{"type":"message","seq":13,"id":"id-13","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 13","sent_at":1795309297405}
{"type":"message","seq":14,"id":"id-14","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 14","sent_at":1795309297409}
{"type":"message","seq":15,"id":"id-15","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 15","sent_at":1795309297422}
{"type":"message","seq":16,"id":"id-16","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 16","sent_at":1795309297433}
{"type":"message","seq":17,"id":"id-17","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 17","sent_at":1795309297454}
{"type":"message","seq":18,"id":"id-18","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 18","sent_at":1795309297474}
{"type":"message","seq":19,"id":"id-19","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 19","sent_at":1795309297498}
{"type":"message","seq":20,"id":"id-20","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 20","sent_at":1795309297522}
{"type":"message","seq":21,"id":"id-21","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 21","sent_at":1795309297546}
{"type":"message","seq":22,"id":"id-22","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 22","sent_at":1795309297568}
{"type":"message","seq":23,"id":"id-23","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 23","sent_at":1795309297590}
{"type":"message","seq":24,"id":"id-24","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 24","sent_at":1795309297614}
{"type":"message","seq":25,"id":"id-25","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 25","sent_at":1795309297639}
{"type":"message","seq":26,"id":"id-26","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 26","sent_at":1795309297665}
{"type":"message","seq":27,"id":"id-27","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 27","sent_at":1795309297690}
{"type":"message","seq":28,"id":"id-28","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 28","sent_at":1795309297712}
{"type":"message","seq":29,"id":"id-29","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 29","sent_at":1795309297737}
{"type":"message","seq":30,"id":"id-30","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 30","sent_at":1795309297762}
{"type":"message","seq":31,"id":"id-31","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 31","sent_at":1795309297785}
{"type":"message","seq":32,"id":"id-32","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 32","sent_at":1795309297809}
{"type":"message","seq":33,"id":"id-33","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 33","sent_at":1795309297833}
{"type":"message","seq":34,"id":"id-34","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 34","sent_at":1795309297862}
{"type":"message","seq":35,"id":"id-35","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 35","sent_at":1795309297884}
{"type":"message","seq":36,"id":"id-36","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 36","sent_at":1795309297918}
{"type":"message","seq":37,"id":"id-37","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 37","sent_at":1795309297938}
{"type":"message","seq":38,"id":"id-38","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 38","sent_at":1795309297961}
{"type":"message","seq":39,"id":"id-39","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 39","sent_at":1795309297986}
{"type":"message","seq":40,"id":"id-40","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 40","sent_at":1795309298014}
{"type":"message","seq":41,"id":"id-41","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 41","sent_at":1795309298037}
{"type":"message","seq":42,"id":"id-42","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 42","sent_at":1795309298060}
{"type":"message","seq":43,"id":"id-43","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 43","sent_at":1795309298087}
{"type":"message","seq":44,"id":"id-44","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 44","sent_at":1795309298110}
{"type":"message","seq":45,"id":"id-45","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 45","sent_at":1795309298135}
{"type":"message","seq":46,"id":"id-46","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 46","sent_at":1795309298157}
{"type":"message","seq":47,"id":"id-47","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 47","sent_at":1795309298186}
{"type":"message","seq":48,"id":"id-48","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 48","sent_at":1795309298208}
{"type":"message","seq":49,"id":"id-49","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 49","sent_at":1795309298230}
{"type":"message","seq":50,"id":"id-50","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 50","sent_at":1795309298258}
{"type":"message","seq":51,"id":"id-51","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 51","sent_at":1795309298286}
{"type":"message","seq":52,"id":"id-52","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 52","sent_at":1795309298314}
{"type":"message","seq":53,"id":"id-53","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 53","sent_at":1795309298335}
{"type":"message","seq":54,"id":"id-54","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 54","sent_at":1795309298363}
{"type":"message","seq":55,"id":"id-55","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 55","sent_at":1795309298390}
{"type":"message","seq":56,"id":"id-56","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 56","sent_at":1795309298413}
{"type":"message","seq":57,"id":"id-57","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 57","sent_at":1795309298438}
{"type":"message","seq":58,"id":"id-58","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 58","sent_at":1795309298462}
{"type":"message","seq":59,"id":"id-59","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 59","sent_at":1795309298490}
{"type":"message","seq":60,"id":"id-60","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 60","sent_at":1795309298514}
{"type":"message","seq":61,"id":"id-61","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 61","sent_at":1795309298536}
{"type":"message","seq":62,"id":"id-62","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 62","sent_at":1795309298562}
{"type":"message","seq":63,"id":"id-63","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 63","sent_at":1795309298585}
{"type":"message","seq":64,"id":"id-64","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 64","sent_at":1795309298614}', 0);
INSERT INTO segment VALUES (65, 1795309300220, '1ee075a7cf9989ff1ee076a7cf998bb21ee077a7cf998d651ee078a7cf998f181ee079a7cf9990cb1ee3f6a7cf9c9b091ee3f5a7cf9c99561ee3f4a7cf9c97a31ee3f3a7cf9c95f01ee3faa7cf9ca1d51ee3f9a7cf9ca0221ee3f8a7cf9c9e6f1ee3f7a7cf9c9cbc1ee3fea7cf9ca8a11ee3fda7cf9ca6ee1f1004a7cfc1edbe1f1005a7cfc1ef711f1002a7cfc1ea581f1003a7cfc1ec0b1f1008a7cfc1f48a1f1009a7cfc1f63d1f1006a7cfc1f1241f1007a7cfc1f2d71f0ffca7cfc1e0261f0ffda7cfc1e1d91f138aa7cfc507471f1389a7cfc505941f138ca7cfc50aad1f138ba7cfc508fa1f1386a7cfc5007b1f1385a7cfc4fec81f1388a7cfc503e11f1387a7cfc5022e1f1382a7cfc4f9af1f1381a7cfc4f7fc4e5cda25e4e7e89d4e5cd925e4e7e6ea4e5cd825e4e7e5374e5cd725e4e7e3844e5cd625e4e7e1d14e5cd525e4e7e01e4e5cd425e4e7de6b4e5cd325e4e7dcb84e5cd225e4e7db054e5cd125e4e7d9524e595425e4e4cf144e595525e4e4d0c74e595625e4e4d27a4e595725e4e4d42d4e595025e4e4c8484e595125e4e4c9fb4e595225e4e4cbae4e595325e4e4cd614e594c25e4e4c17c4e594d25e4e4c32f4e63c625e4ede54f4e63c525e4ede39c4e63c825e4ede8b54e63c725e4ede7024e63c225e4edde834e63c125e4eddcd04e63c425e4ede1e94e63c325e4ede0364e63ce25e4edf2e7', '{"type":"message","seq":65,"id":"id-65","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 65","sent_at":1795309298640}
{"type":"message","seq":66,"id":"id-66","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 66","sent_at":1795309298662}
{"type":"message","seq":67,"id":"id-67","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 67","sent_at":1795309298686}
{"type":"message","seq":68,"id":"id-68","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 68","sent_at":1795309298709}
{"type":"message","seq":69,"id":"id-69","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 69","sent_at":1795309298733}
{"type":"message","seq":70,"id":"id-70","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 70","sent_at":1795309298757}
{"type":"message","seq":71,"id":"id-71","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 71","sent_at":1795309298790}
{"type":"message","seq":72,"id":"id-72","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 72","sent_at":1795309298814}
{"type":"message","seq":73,"id":"id-73","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 73","sent_at":1795309298838}
{"type":"message","seq":74,"id":"id-74","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 74","sent_at":1795309298863}
{"type":"message","seq":75,"id":"id-75","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 75","sent_at":1795309298891}
{"type":"message","seq":76,"id":"id-76","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 76","sent_at":1795309298912}
{"type":"message","seq":77,"id":"id-77","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 77","sent_at":1795309298935}
{"type":"message","seq":78,"id":"id-78","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 78","sent_at":1795309298963}
{"type":"message","seq":79,"id":"id-79","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 79","sent_at":1795309298990}
{"type":"message","seq":80,"id":"id-80","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 80","sent_at":1795309299016}
{"type":"message","seq":81,"id":"id-81","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 81","sent_at":1795309299038}
{"type":"message","seq":82,"id":"id-82","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 82","sent_at":1795309299064}
{"type":"message","seq":83,"id":"id-83","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 83","sent_at":1795309299087}
{"type":"message","seq":84,"id":"id-84","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 84","sent_at":1795309299128}
{"type":"message","seq":85,"id":"id-85","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 85","sent_at":1795309299145}
{"type":"message","seq":86,"id":"id-86","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 86","sent_at":1795309299167}
{"type":"message","seq":87,"id":"id-87","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 87","sent_at":1795309299189}
{"type":"message","seq":88,"id":"id-88","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 88","sent_at":1795309299213}
{"type":"message","seq":89,"id":"id-89","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 89","sent_at":1795309299237}
{"type":"message","seq":90,"id":"id-90","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 90","sent_at":1795309299263}
{"type":"message","seq":91,"id":"id-91","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 91","sent_at":1795309299289}
{"type":"message","seq":92,"id":"id-92","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 92","sent_at":1795309299317}
{"type":"message","seq":93,"id":"id-93","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 93","sent_at":1795309299349}
{"type":"message","seq":94,"id":"id-94","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 94","sent_at":1795309299370}
{"type":"message","seq":95,"id":"id-95","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 95","sent_at":1795309299396}
{"type":"message","seq":96,"id":"id-96","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 96","sent_at":1795309299418}
{"type":"message","seq":97,"id":"id-97","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 97","sent_at":1795309299443}
{"type":"message","seq":98,"id":"id-98","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 98","sent_at":1795309299467}
{"type":"message","seq":99,"id":"id-99","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 99","sent_at":1795309299490}
{"type":"message","seq":100,"id":"id-100","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 100","sent_at":1795309299514}
{"type":"message","seq":101,"id":"id-101","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 101","sent_at":1795309299538}
{"type":"message","seq":102,"id":"id-102","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 102","sent_at":1795309299563}
{"type":"message","seq":103,"id":"id-103","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 103","sent_at":1795309299586}
{"type":"message","seq":104,"id":"id-104","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 104","sent_at":1795309299614}
{"type":"message","seq":105,"id":"id-105","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 105","sent_at":1795309299637}
{"type":"message","seq":106,"id":"id-106","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 106","sent_at":1795309299663}
{"type":"message","seq":107,"id":"id-107","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 107","sent_at":1795309299708}
{"type":"message","seq":108,"id":"id-108","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 108","sent_at":1795309299725}
{"type":"message","seq":109,"id":"id-109","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 109","sent_at":1795309299746}
{"type":"message","seq":110,"id":"id-110","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 110","sent_at":1795309299770}
{"type":"message","seq":111,"id":"id-111","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 111","sent_at":1795309299798}
{"type":"message","seq":112,"id":"id-112","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 112","sent_at":1795309299823}
{"type":"message","seq":113,"id":"id-113","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 113","sent_at":1795309299846}
{"type":"message","seq":114,"id":"id-114","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 114","sent_at":1795309299870}
{"type":"message","seq":115,"id":"id-115","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 115","sent_at":1795309299896}
{"type":"message","seq":116,"id":"id-116","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 116","sent_at":1795309299921}
{"type":"message","seq":117,"id":"id-117","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 117","sent_at":1795309299945}
{"type":"message","seq":118,"id":"id-118","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 118","sent_at":1795309299969}
{"type":"message","seq":119,"id":"id-119","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 119","sent_at":1795309299992}
{"type":"message","seq":120,"id":"id-120","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 120","sent_at":1795309300017}
{"type":"message","seq":121,"id":"id-121","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 121","sent_at":1795309300040}
{"type":"message","seq":122,"id":"id-122","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 122","sent_at":1795309300068}
{"type":"message","seq":123,"id":"id-123","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 123","sent_at":1795309300092}
{"type":"message","seq":124,"id":"id-124","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 124","sent_at":1795309300120}
{"type":"message","seq":125,"id":"id-125","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 125","sent_at":1795309300145}
{"type":"message","seq":126,"id":"id-126","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 126","sent_at":1795309300169}
{"type":"message","seq":127,"id":"id-127","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 127","sent_at":1795309300195}
{"type":"message","seq":128,"id":"id-128","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 128","sent_at":1795309300220}', 10438);
INSERT INTO segment VALUES (129, 1795309300559, '4e63cd25e4edf1344e604025e4eacbc64e604125e4eacd794e603e25e4eac8604e603f25e4eaca134e604425e4ead2924e604525e4ead4454e604225e4eacf2c4e604325e4ead0df4e604825e4ead95e4e604925e4eadb114e4f4225e4dc5bf9ee77e8ce28805c21', '{"type":"message","seq":129,"id":"id-129","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 129","sent_at":1795309300244}
{"type":"message","seq":130,"id":"id-130","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 130","sent_at":1795309300268}
{"type":"message","seq":131,"id":"id-131","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 131","sent_at":1795309300292}
{"type":"message","seq":132,"id":"id-132","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 132","sent_at":1795309300319}
{"type":"message","seq":133,"id":"id-133","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 133","sent_at":1795309300342}
{"type":"message","seq":134,"id":"id-134","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 134","sent_at":1795309300367}
{"type":"message","seq":135,"id":"id-135","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 135","sent_at":1795309300391}
{"type":"message","seq":136,"id":"id-136","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 136","sent_at":1795309300414}
{"type":"message","seq":137,"id":"id-137","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 137","sent_at":1795309300446}
{"type":"message","seq":138,"id":"id-138","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 138","sent_at":1795309300469}
{"type":"message","seq":139,"id":"id-139","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 139","sent_at":1795309300492}
{"type":"message","seq":140,"id":"id-140","from":{"id":3010831644924984,"name":"Ada","color":"#e61f1f"},"text":"message 140","sent_at":1795309300516}
{"type":"message","seq":141,"id":"post-1","from":{"id":2850998875772707,"name":"Bot","color":"#127fa3"},"text":"beep","sent_at":1795309300559}', 20956);
