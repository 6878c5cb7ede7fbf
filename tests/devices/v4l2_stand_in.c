/* A camera that isn't there: preloaded, it answers for /dev/video0 what a driver would.
 *
 * STAND_IN_FRAMES   raw YUYV pictures, one after the other; they loop
 * STAND_IN_SIZE     their size, "640x480" by default
 * STAND_IN_CONTROL  a file: while it holds "gone" the device is unplugged, "busy" in use, "refused" forbidden, "hang"
 *                   silent; no file, or an empty one, is a camera that works
 *
 * Everything else goes on to the system. The node only has to exist: mknod /dev/video0 c 1 3.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define NODE "/dev/video0"
#define BUFFERS 8
#define FPS 30
#define FILES 64

static unsigned wide = 640, high = 480;
static unsigned char *pictures;
static size_t picture_bytes, picture_count;
static unsigned char *buffers[BUFFERS];
static unsigned queue[BUFFERS], queued, buffer_count, sequence;
static int files[FILES], file_count, is_streaming;
static struct timespec due;

static int real_open(const char *path, int flags, mode_t mode) {
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static int says(const char *word) {
    char text[32] = {0};
    const char *path = getenv("STAND_IN_CONTROL");
    int file = path ? real_open(path, O_RDONLY | O_CLOEXEC, 0) : -1;
    if (file < 0) return 0;
    ssize_t read_bytes = read(file, text, sizeof text - 1);
    close(file);
    return read_bytes > 0 && strncmp(text, word, strlen(word)) == 0;
}

static int is_ours(int file) {
    for (int i = 0; i < file_count; i++)
        if (files[i] == file) return 1;
    return 0;
}

static void load(void) {
    if (pictures) return;
    const char *size = getenv("STAND_IN_SIZE"), *path = getenv("STAND_IN_FRAMES");
    if (size) sscanf(size, "%ux%u", &wide, &high);
    picture_bytes = (size_t)wide * high * 2;
    struct stat about;
    int file = path ? real_open(path, O_RDONLY | O_CLOEXEC, 0) : -1;
    if (file >= 0 && fstat(file, &about) == 0 && (size_t)about.st_size >= picture_bytes) {
        picture_count = (size_t)about.st_size / picture_bytes;
        pictures = (void *)syscall(SYS_mmap, NULL, picture_count * picture_bytes, PROT_READ, MAP_PRIVATE, file, 0);
    } else {
        picture_count = 1;
        pictures = calloc(1, picture_bytes);
        memset(pictures, 128, picture_bytes);
    }
    if (file >= 0) close(file);
}

static int answer_open(const char *path, int flags, mode_t mode) {
    if (strcmp(path, NODE) != 0) return real_open(path, flags, mode);
    if (says("gone")) return errno = ENOENT, -1;
    if (says("refused")) return errno = EACCES, -1;
    load();
    int file = real_open(path, O_RDWR | O_CLOEXEC, 0);
    if (file >= 0 && !is_ours(file) && file_count < FILES) files[file_count++] = file;
    return file;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return answer_open(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return answer_open(path, flags, mode);
}

int close(int file) {
    for (int i = 0; i < file_count; i++)
        if (files[i] == file) files[i] = files[--file_count], is_streaming = 0;
    return (int)syscall(SYS_close, file);
}

static void *answer_mmap(void *at, size_t len, int prot, int flags, int file, off_t offset) {
    if (!is_ours(file)) return (void *)syscall(SYS_mmap, at, len, prot, flags, file, offset);
    size_t index = (size_t)offset / picture_bytes;
    return index < buffer_count ? buffers[index] : MAP_FAILED;
}

void *mmap(void *at, size_t len, int prot, int flags, int file, off_t offset) {
    return answer_mmap(at, len, prot, flags, file, offset);
}

void *mmap64(void *at, size_t len, int prot, int flags, int file, off_t offset) {
    return answer_mmap(at, len, prot, flags, file, offset);
}

int munmap(void *at, size_t len) {
    for (unsigned i = 0; i < BUFFERS; i++)
        if (at == buffers[i] && at) return 0;
    return (int)syscall(SYS_munmap, at, len);
}

static int fail(int code) { return errno = code, -1; }

static void fill_format(struct v4l2_format *format) {
    struct v4l2_pix_format *pix = &format->fmt.pix;
    memset(pix, 0, sizeof *pix);
    pix->width = wide;
    pix->height = high;
    pix->pixelformat = V4L2_PIX_FMT_YUYV;
    pix->field = V4L2_FIELD_NONE;
    pix->bytesperline = wide * 2;
    pix->sizeimage = (unsigned)picture_bytes;
    pix->colorspace = V4L2_COLORSPACE_SRGB;
}

static int dequeue(struct v4l2_buffer *buffer) {
    if (!is_streaming || !queued) return fail(EINVAL);
    while (says("hang")) usleep(20000);
    if (says("gone")) return fail(ENODEV);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    /* A camera goes on without a reader: what wasn't fetched in time is lost. */
    do {
        due.tv_nsec += 1000000000 / FPS;
        if (due.tv_nsec >= 1000000000) due.tv_nsec -= 1000000000, due.tv_sec++;
        sequence++;
    } while (due.tv_sec < now.tv_sec || (due.tv_sec == now.tv_sec && due.tv_nsec < now.tv_nsec));
    unsigned index = queue[0];
    memmove(queue, queue + 1, --queued * sizeof *queue);
    memcpy(buffers[index], pictures + (sequence % picture_count) * picture_bytes, picture_bytes);
    buffer->index = index;
    buffer->bytesused = buffer->length = (unsigned)picture_bytes;
    buffer->sequence = sequence;
    buffer->field = V4L2_FIELD_NONE;
    buffer->flags = V4L2_BUF_FLAG_MAPPED | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    buffer->timestamp.tv_sec = now.tv_sec;
    buffer->timestamp.tv_usec = now.tv_nsec / 1000;
    return 0;
}

static int answer_ioctl(unsigned long request, void *argument) {
    if (says("gone") && request != VIDIOC_STREAMOFF) return fail(ENODEV);
    switch ((uint32_t)request) {
    case (uint32_t)VIDIOC_QUERYCAP: {
        struct v4l2_capability *caps = argument;
        memset(caps, 0, sizeof *caps);
        strcpy((char *)caps->driver, "stand-in");
        strcpy((char *)caps->card, "Stand-in camera");
        strcpy((char *)caps->bus_info, "platform:stand-in");
        caps->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        caps->capabilities = caps->device_caps | V4L2_CAP_DEVICE_CAPS;
        return 0;
    }
    case (uint32_t)VIDIOC_ENUM_FMT: {
        struct v4l2_fmtdesc *form = argument;
        if (form->index) return fail(EINVAL);
        strcpy((char *)form->description, "YUYV 4:2:2");
        form->pixelformat = V4L2_PIX_FMT_YUYV;
        return 0;
    }
    case (uint32_t)VIDIOC_ENUM_FRAMESIZES: {
        struct v4l2_frmsizeenum *size = argument;
        if (size->index || size->pixel_format != V4L2_PIX_FMT_YUYV) return fail(EINVAL);
        size->type = V4L2_FRMSIZE_TYPE_DISCRETE;
        size->discrete.width = wide;
        size->discrete.height = high;
        return 0;
    }
    case (uint32_t)VIDIOC_ENUM_FRAMEINTERVALS: {
        struct v4l2_frmivalenum *interval = argument;
        if (interval->index) return fail(EINVAL);
        interval->type = V4L2_FRMIVAL_TYPE_DISCRETE;
        interval->discrete.numerator = 1;
        interval->discrete.denominator = FPS;
        return 0;
    }
    case (uint32_t)VIDIOC_S_FMT:
    case (uint32_t)VIDIOC_TRY_FMT:
        if (says("busy")) return fail(EBUSY);
        fill_format(argument);
        return 0;
    case (uint32_t)VIDIOC_G_FMT:
        fill_format(argument);
        return 0;
    case (uint32_t)VIDIOC_G_PARM:
    case (uint32_t)VIDIOC_S_PARM: {
        struct v4l2_streamparm *parameters = argument;
        parameters->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        parameters->parm.capture.timeperframe.numerator = 1;
        parameters->parm.capture.timeperframe.denominator = FPS;
        return 0;
    }
    case (uint32_t)VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *wanted = argument;
        if (says("busy")) return fail(EBUSY);
        if (wanted->count > BUFFERS) wanted->count = BUFFERS;
        for (unsigned i = 0; i < wanted->count; i++)
            if (!buffers[i]) buffers[i] = malloc(picture_bytes);
        buffer_count = wanted->count;
        queued = 0;
        return 0;
    }
    case (uint32_t)VIDIOC_QUERYBUF: {
        struct v4l2_buffer *buffer = argument;
        if (buffer->index >= buffer_count) return fail(EINVAL);
        buffer->length = (unsigned)picture_bytes;
        buffer->m.offset = (unsigned)(buffer->index * picture_bytes);
        return 0;
    }
    case (uint32_t)VIDIOC_QBUF: {
        struct v4l2_buffer *buffer = argument;
        if (buffer->index >= buffer_count || queued >= BUFFERS) return fail(EINVAL);
        queue[queued++] = buffer->index;
        return 0;
    }
    case (uint32_t)VIDIOC_DQBUF: return dequeue(argument);
    case (uint32_t)VIDIOC_STREAMON:
        is_streaming = 1;
        clock_gettime(CLOCK_MONOTONIC, &due);
        return 0;
    case (uint32_t)VIDIOC_STREAMOFF:
        is_streaming = 0;
        queued = 0;
        return says("gone") ? fail(ENODEV) : 0;
    default: return fail(ENOTTY);
    }
}

/* The camera library calls ioctl through libc's syscall, not through ioctl. */
long syscall(long number, ...) {
    va_list rest;
    long a[6];
    va_start(rest, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(rest, long);
    va_end(rest);
    if (number == SYS_ioctl && is_ours((int)a[0])) return answer_ioctl((unsigned long)a[1], (void *)a[2]);
    static long (*real)(long, ...);
    if (!real) real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
