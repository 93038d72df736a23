using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.DeviceMapper;

/// <summary>
/// Reports which mapped devices had an event: a pool below its low water mark, or in another mode. Kernel 4.13 or later
/// (DM_DEV_ARM_POLL; kernel: drivers/md/dm-ioctl.c, dm_poll).
/// </summary>
public sealed class DmEvents : IDeviceEvents
{
    private const int EventCounterFlags = OpenFlags.CloseOnExec | OpenFlags.NonBlocking;

    private readonly DmControl _control;
    private readonly Dictionary<MappedName, uint> _seen = [];

    private DmEvents(DmControl control) => _control = control;

    /// <summary>Opens a watch of its own. Earlier events are not reported.</summary>
    /// <returns>NotSupported if the kernel has no device-mapper or no DM_DEV_ARM_POLL.</returns>
    public static KernelResult<DmEvents> Open()
    {
        var control = DmControl.Open();
        if (!control.Succeeded)
            return control.Error;
        var events = new DmEvents(control.Value);
        var armed = events._control.ArmPoll();
        var first = armed.Succeeded ? events.TakeChanged() : armed.Error;
        if (first.Succeeded)
            return events;
        events.Dispose();
        return first.Error;
    }

    public KernelResult<IReadOnlyList<MappedName>> Wait(TimeSpan timeout, CancellationToken cancellation)
    {
        // Arm before reading the list: an event in between makes the descriptor readable.
        var armed = _control.ArmPoll();
        if (!armed.Succeeded)
            return armed.Error;
        var changed = TakeChanged();
        if (!changed.Succeeded || changed.Value.Count > 0)
            return changed;
        var woken = Poll(timeout, cancellation);
        return woken.Succeeded ? TakeChanged() : woken.Error;
    }

    public void Dispose() => _control.Dispose();

    private unsafe KernelResult Poll(TimeSpan timeout, CancellationToken cancellation)
    {
        var wake = DeviceCalls.EventCounter(0, EventCounterFlags);
        var errno = Marshal.GetLastPInvokeError();
        if (wake.IsInvalid)
            return KernelErrors.From(errno, "eventfd", DmControl.Path);
        using (wake)
        using (cancellation.Register(() => Wake(wake)))
        {
            var entries = stackalloc PollEntry[2];
            entries[0] = new PollEntry
            {
                Descriptor = _control.File.Number,
                Wanted = PollEntry.Readable,
            };
            entries[1] = new PollEntry { Descriptor = wake.Number, Wanted = PollEntry.Readable };
            var milliseconds = (int)Math.Clamp(timeout.TotalMilliseconds, 0, int.MaxValue);
            var result = DeviceCalls.Poll(entries, 2, milliseconds);
            errno = Marshal.GetLastPInvokeError();
            return result < 0 && errno != Errno.Interrupted
                ? KernelErrors.From(errno, "poll", DmControl.Path)
                : KernelResult.Done;
        }
    }

    private static unsafe void Wake(FileDescriptor wake)
    {
        ulong one = 1;
        DeviceCalls.Write(wake, &one, sizeof(ulong));
    }

    private KernelResult<IReadOnlyList<MappedName>> TakeChanged()
    {
        var listed = _control.List();
        if (!listed.Succeeded)
            return listed.Error;
        var changed = listed.Value
            .Where(device => !_seen.TryGetValue(device.Name, out var number) || number != device.EventNumber)
            .Select(device => device.Name)
            .ToList();
        _seen.Clear();
        foreach (var device in listed.Value)
            _seen[device.Name] = device.EventNumber;
        return KernelResult.Found<IReadOnlyList<MappedName>>(changed);
    }
}
