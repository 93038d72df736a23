using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Sending;
using DmAgents.Transfer.Tests.Machines;
using DmAgents.Transfer.Tests.Support;
using DmAgents.Transfer.Tests.Wire;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Connections;

/// <summary>A layer upon a base of zeros, whose disk and pool answer when a test lets them.</summary>
internal sealed class HeldLayer : ILayerSources, IOpenLayer, IBlockReader, IBlockChanges
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private readonly MemoryThin _thin = new(1024, 8 * 4096);
    private readonly ManualResetEventSlim _goes = new(initialState: true);
    private readonly TaskCompletionSource _isHeld = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public HeldLayer()
    {
        _thin.Write(0, Records.Noise(5 * 4096));
        Map = _thin.Map(Histories.Pieces);
        Base = ContentMap.OfZeros(_thin.Size, Histories.Pieces);
    }

    public ContentMap Map { get; }

    public ContentMap Base { get; }

    /// <summary>A job waits for <see cref="Go"/>.</summary>
    public Task IsHeld => _isHeld.Task.WaitAsync(Deadline);

    /// <summary>What the search for the difference fails by.</summary>
    public KernelError? Fault { get; init; }

    public bool IsDisposed { get; private set; }

    public SourceLayer Layer => new(
        new LayerShape(_thin.Size, FileSystemKind.Ext4), Map,
        ImmutableDictionary<ContentDigest, ContentMap>.Empty.Add(Base.Digest, Base), PieceSet.Empty);

    public IBlockReader Device => this;

    public IBlockChanges Changes => this;

    public ByteSize Size => _thin.Size;

    /// <summary>Reads and searches wait from here on.</summary>
    public HeldLayer Hold()
    {
        _goes.Reset();
        return this;
    }

    public void Go() => _goes.Set();

    public OpenAnswer Open(TransferRecords.Ask ask) => new OpenAnswer.Found(this);

    public KernelResult Read(ByteSize offset, Span<byte> into)
    {
        Wait();
        return _thin.Read(offset, into);
    }

    public KernelResult<IReadOnlyList<ByteRange>> Since(ContentDigest ancestor)
    {
        Wait();
        return Fault ?? KernelResult.Found<IReadOnlyList<ByteRange>>([.. _thin.Mapped]);
    }

    public void Dispose() => IsDisposed = true;

    private void Wait()
    {
        if (_goes.IsSet)
            return;
        _isHeld.TrySetResult();
        Assert.True(_goes.Wait(Deadline), "the test never lets it go on");
    }
}
