/*
 * A folder of files as a packet in a memfd: its length (u64, native), then a bundle (base/bundle.h)
 * of BUNDLE_FILE records alone, their names below the folder. A length of 0 is an empty packet.
 * Used in a cell, by a process that is confined like the job: whatever the packet or the folder
 * holds, no more can come of it than the job could do itself. Paths are relative to the working
 * folder.
 */
#ifndef SANDBOX_CELL_CARRIED_H
#define SANDBOX_CELL_CARRIED_H

/*
 * Makes the folder and what the packet has for it. All or nothing: the folder comes to be when it
 * is complete. Returns 0, or a negative errno: -ENODATA when the packet is empty, -EBADMSG when it
 * is not one.
 */
int carried_unpack(int packet_fd, const char *folder);

/*
 * Writes the packet anew from what is in the folder. Taken are regular files, in folders at most
 * CARRIED_DEPTH deep; links, FIFOs and the like stay behind, and so does a folder below it that was
 * unpacked and in which nothing was made or removed since: a compiler that makes its state anew
 * leaves the one before beside it. Returns 0, or a negative errno, the packet being empty then:
 * -EFBIG when there is too much, -ENOENT without a folder.
 */
int carried_pack(int packet_fd, const char *folder);

enum { CARRIED_DEPTH = 8 };

#endif
