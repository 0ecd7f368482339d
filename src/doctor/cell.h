/*
 * How this program knows that it was started in a cell (check_cell.c), and what it then ends with.
 */
#ifndef DOCTOR_CELL_H
#define DOCTOR_CELL_H

#define CELL_ARGUMENT "--in-a-cell"

/* Has the job a host user of its own, or that of its cell's root, who is the launcher's? */
enum { CELL_EXIT_OWN = 42, CELL_EXIT_SHARED = 43 };

/* In the cell: is the root of it another than who we are? Where he is not, nobody is mapped to 0.
 */
int cell_has_own_user(void);

#endif
