/* Which release this is: shown by `sandlot --version` and sent as the client's User-Agent. */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

#define SANDLOT_VERSION "0.1.0"

#endif
