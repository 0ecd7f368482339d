/* How this program knows that it was started in a cell (check_cell.c), and what it then ends with.
 */
#ifndef DOCTOR_CELL_H
#define DOCTOR_CELL_H

#define CELL_ARGUMENT "--in-a-cell"

enum { CELL_EXIT = 42 };

#endif
