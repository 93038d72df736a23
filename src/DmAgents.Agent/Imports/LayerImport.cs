using DmAgents.Actors.Pools;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Images.Layers;
using DmAgents.Images.Sources;

namespace DmAgents.Agent.Imports;

/// <summary>An import under way, and its progress reports.</summary>
internal sealed record LayerImport(
    PoolPicture Pool, RequestId Request, IImageSource Source, ImageDescription Image, Action<ImportReport> Report)
{
    /// <summary>Frequent enough for a moving progress bar, rare enough to cost nothing.</summary>
    private const long ReportEvery = 256 * 1024;

    /// <summary>Stored bytes of the completed layers.</summary>
    public long Done { get; set; }

    /// <summary>Attributes that the layers' file systems could not store.</summary>
    public LostXattrs Lost { get; } = new();

    private long Total => Image.Layers.Sum(layer => layer.Size);

    /// <param name="read">Stored bytes of this layer read so far.</param>
    public void Tell(int index, LayerPhase phase, long read) => Report(new ImportReport.Layer(
        phase, index + 1, Image.Layers.Count, Image.Layers[index].DiffId, SizeOf(Done + read), SizeOf(Total)));

    public IProgress<long> ProgressOf(int index) => new LayerProgress(this, index);

    private static ByteSize SizeOf(long bytes) => new((ulong)bytes);

    /// <summary>Called on the thread that reads: unlike Progress&lt;T&gt; it neither queues nor changes
    /// threads.</summary>
    private sealed class LayerProgress(LayerImport import, int index) : IProgress<long>
    {
        private long _next;

        public void Report(long value)
        {
            if (value < _next)
                return;
            _next = value + ReportEvery;
            import.Tell(index, LayerPhase.Unpacking, value);
        }
    }
}
