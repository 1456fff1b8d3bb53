// SPDX-License-Identifier: Apache-2.0
// Includes one public header twice and nothing else: it must need no other header and be guarded.
// The build passes its name as FERRIC_HEADER.
#include FERRIC_HEADER
#include FERRIC_HEADER

int main(void)
{
    return 0;
}
