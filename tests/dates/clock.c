/* Preloaded, moves the wall clock of a process by HOLDFAST_CLOCK_SHIFT seconds.
 *
 * Only the wall clock: what measures durations stays true, and so do the times of files.
 * (libfaketime moves the wall clock too, but breaks clock_nanosleep, and with it Python's
 * time.sleep.) Who waits until an instant of the moved clock waits until the true one.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

/* Instants since 1970 are above this, times since the machine started below. */
#define IS_WALL(at) ((at)->tv_sec > 1000000000)

static time_t shift;

/* Once, before main: the environment may be replaced afterwards. */
__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("HOLDFAST_CLOCK_SHIFT");
    shift = text ? strtol(text, NULL, 10) : 0;
}

#define REAL(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))
#define KEPT(name) \
    static __typeof__(&name) real; \
    if (!real) real = REAL(name)

int clock_gettime(clockid_t clock, struct timespec *now)
{
    KEPT(clock_gettime);
    int result = real(clock, now);
    if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += shift;
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    KEPT(gettimeofday);
    int result = real(now, zone);
    if (!result)
        now->tv_sec += shift;
    return result;
}

time_t time(time_t *stored)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (stored)
        *stored = now.tv_sec;
    return now.tv_sec;
}

int timespec_get(struct timespec *now, int base)
{
    KEPT(timespec_get);
    int result = real(now, base);
    if (result == TIME_UTC)
        now->tv_sec += shift;
    return result;
}

static struct timespec true_time(const struct timespec *at)
{
    struct timespec moved = *at;
    if (IS_WALL(at))
        moved.tv_sec -= shift;
    return moved;
}

#define UNTIL(at) struct timespec until = true_time(at)

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict at)
{
    KEPT(sem_timedwait);
    UNTIL(at);
    return real(semaphore, &until);
}

int sem_clockwait(sem_t *restrict semaphore, clockid_t clock, const struct timespec *restrict at)
{
    KEPT(sem_clockwait);
    UNTIL(at);
    return real(semaphore, clock, &until);
}

int pthread_cond_timedwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
    const struct timespec *restrict at)
{
    static __typeof__(&pthread_cond_timedwait) real;
    if (!real) /* the plain name would find the version of 1997 */
        real = (__typeof__(real)) dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (!real)
        real = REAL(pthread_cond_timedwait);
    UNTIL(at);
    return real(condition, mutex, &until);
}

int pthread_cond_clockwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, clockid_t clock,
    const struct timespec *restrict at)
{
    KEPT(pthread_cond_clockwait);
    UNTIL(at);
    return real(condition, mutex, clock, &until);
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict at)
{
    KEPT(pthread_mutex_timedlock);
    UNTIL(at);
    return real(mutex, &until);
}

int clock_nanosleep(
    clockid_t clock, int flags, const struct timespec *asked, struct timespec *left)
{
    KEPT(clock_nanosleep);
    if (!(flags & TIMER_ABSTIME))
        return real(clock, flags, asked, left);
    UNTIL(asked);
    return real(clock, flags, &until, left);
}
