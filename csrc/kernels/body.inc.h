/* All kernels for one dtype, then the table that names them. */
#include "kernels/panel.inc.h"
#include "kernels/gemm.inc.h"
#include "kernels/flat.inc.h"
#include "kernels/activation.inc.h"
#include "kernels/loss.inc.h"
#include "kernels/optimizer.inc.h"
#include "kernels/table.inc.h"
