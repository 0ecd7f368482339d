/* The part of sweep.h that only looks. */
#ifndef STORE_SWEEP_PLAN_H
#define STORE_SWEEP_PLAN_H

/* What a folder that is being removed is called meanwhile, or after a removal that failed. */
#define SWEEP_GONE ".gone"

#endif
