using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Transfers;

/// <summary>The device of a reception, which also serves other hosts meanwhile. It is closed when no host reads
/// it.</summary>
/// <param name="patience">Timeout of running reads: each reads one piece at most, but a pool without free blocks, or a
/// disk that hangs, delays it.</param>
internal sealed class ServedTarget(IOpenReceivingDevice device, TimeSpan patience) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _isEnded = new();
    private readonly List<ByteSize> _reads = [];
    private bool _isClosed;

    /// <returns>Null: it is closed.</returns>
    public KernelResult? TryRead(ByteSize offset, Span<byte> into)
    {
        lock (_lock)
        {
            if (_isClosed)
                return null;
            _reads.Add(offset);
        }
        try
        {
            return device.Read(offset, into);
        }
        finally
        {
            lock (_lock)
            {
                _reads.Remove(offset);
                EndIfIdle();
            }
        }
    }

    /// <summary>Lets no further read begin, and waits for running ones. Can be called again.</summary>
    /// <param name="layer">The layer being received.</param>
    /// <returns>Busy: one of them does not end. The last one to end closes the device.</returns>
    public KernelResult Close(string layer)
    {
        lock (_lock)
        {
            _isClosed = true;
            EndIfIdle();
        }
        if (_isEnded.Wait(patience))
            return KernelResult.Done;
        lock (_lock)
        {
            return _reads.Count == 0
                ? KernelResult.Done
                : new KernelError(
                    KernelFault.Busy, 0, "close", layer,
                    $"other hosts still read {_reads.Count} of its pieces, at {string.Join(", ", _reads)}: "
                        + "the pool or its disk does not answer");
        }
    }

    public void Dispose() => Close("");

    private void EndIfIdle()
    {
        if (!_isClosed || _reads.Count > 0 || _isEnded.IsSet)
            return;
        device.Dispose();
        _isEnded.Set();
    }
}
