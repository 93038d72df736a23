using DmAgents.Domain.Images;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Transfers;

/// <summary>A copy's current step.</summary>
internal enum CopyPhase
{
    /// <summary>The other host reports which layers the image has; it may have to read them first.</summary>
    Asking,

    /// <summary>Receives a layer's blocks.</summary>
    Receiving,

    /// <summary>Uses the part of the layer that this host has already.</summary>
    Present,

    /// <summary>Names the image.</summary>
    Tagging,
}

/// <summary>The progress of a copy. Each report is complete.</summary>
/// <param name="Layer">Which layer, from 1; 0 before the first.</param>
/// <param name="Received">Bytes of all layers that are there, in whole pieces.</param>
/// <param name="Total">Bytes of all layers; zero if not known yet.</param>
internal sealed record CopyProgress(CopyPhase Phase, int Layer, int Layers, ByteSize Received, ByteSize Total)
{
    public static CopyProgress Begin { get; } = new(CopyPhase.Asking, 0, 0, default, default);
}

/// <summary>A copy under way.</summary>
internal sealed class RunningCopy(CopyJob job, IDisposable work) : IDisposable
{
    private readonly CancellationTokenSource _notWanted = new();
    private ulong _toCome;
    private CopyProgress _progress = CopyProgress.Begin;

    public CopyJob Job => job;

    /// <summary>The other host's offer; null before its answer.</summary>
    public ImageOffer? Offer { get; set; }

    /// <summary>The image that its reference belonged to when the copy began; null: it takes the name from any
    /// image.</summary>
    public ImageExpectation? Expected { get; set; }

    /// <summary>The hosts that have its layers, during the transfer.</summary>
    public LayerHolders? Holders { get; set; }

    /// <summary>Bytes of layers still to be received, once the copy is admitted.</summary>
    public ulong ToCome
    {
        get => Volatile.Read(ref _toCome);
        set => Volatile.Write(ref _toCome, value);
    }

    public CopyProgress Progress
    {
        get => Volatile.Read(ref _progress);
        set => Volatile.Write(ref _progress, value);
    }

    /// <summary>The image's reference. Fails with a refusal, or is cancelled if the copy is cancelled or the agent
    /// stops.</summary>
    public Task<ImageReference> Done { get; set; } = Task.FromException<ImageReference>(
        new InvalidOperationException("it was not begun"));

    public CancellationToken NotWanted => _notWanted.Token;

    public void Cancel() => _notWanted.Cancel();

    /// <summary>The copy is no longer under way.</summary>
    public void Dispose() => work.Dispose();
}
