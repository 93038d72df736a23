using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Transfer.Tests.Support;

/// <summary>A target whose writes since the last sync a power cut may keep or lose, each for itself.</summary>
internal sealed class MemoryTarget(MemoryThin start) : IReceivingDevice
{
    private readonly Lock _lock = new();
    private readonly List<Action<MemoryThin>> _unsynced = [];
    private MemoryThin _synced = start.Snapshot();

    public MemoryThin Now { get; private set; } = start;

    public ByteSize Size => Now.Size;

    /// <summary>Bytes that were written to it, zeros not counted.</summary>
    public long BytesWritten { get; private set; }

    public Action? BeforeWrite { get; init; }

    /// <summary>Refuses the next write.</summary>
    public KernelError? Refuses { get; set; }

    public KernelResult Read(ByteSize offset, Span<byte> into)
    {
        lock (_lock)
            return Now.Read(offset, into);
    }

    public KernelResult Write(ByteSize offset, ReadOnlySpan<byte> bytes)
    {
        BeforeWrite?.Invoke();
        if (Refuses is { } error)
            return error;
        BytesWritten += bytes.Length;
        var copy = bytes.ToArray();
        Change(thin => thin.Write((long)offset.Bytes, copy));
        return KernelResult.Done;
    }

    public KernelResult Zero(ByteRange range)
    {
        Change(thin => thin.Zero((long)range.Start.Bytes, (long)range.Length.Bytes));
        return KernelResult.Done;
    }

    public KernelResult Sync()
    {
        lock (_lock)
        {
            _synced = Now.Snapshot();
            _unsynced.Clear();
        }
        return KernelResult.Done;
    }

    /// <summary>Power is cut: of what was not synced some is there.</summary>
    public void CutPower(Random random)
    {
        var now = _synced.Snapshot();
        foreach (var change in _unsynced.Where(_ => random.Next(2) == 0))
            change(now);
        (Now, _synced) = (now, now.Snapshot());
        _unsynced.Clear();
    }

    private void Change(Action<MemoryThin> change)
    {
        lock (_lock)
        {
            change(Now);
            _unsynced.Add(change);
        }
    }
}
