using DmAgents.Domain.Units;
using DmAgents.Images.Sources;

namespace DmAgents.Agent.Imports;

/// <summary>An archive that a caller sends in parts.</summary>
/// <param name="asked">Its origin names the source of the bytes, for messages.</param>
/// <param name="size">The expected size; null if unknown.</param>
/// <param name="parts">Read one at a time: a sender that is faster than the disk waits.</param>
internal sealed class ArchiveUpload(ImportAsked asked, ByteSize? size, IAsyncEnumerable<ReadOnlyMemory<byte>> parts)
{
    public ImportAsked Asked => asked;

    /// <summary>Receives all bytes.</summary>
    public async Task<ReceivedArchive> Receive(
        string spoolDirectory, Action<ImportReport> report, CancellationToken cancellation)
    {
        var archive = new ReceivedArchive(
            spoolDirectory, asked.Origin, (long)Math.Min(size?.Bytes ?? 0, long.MaxValue));
        try
        {
            await foreach (var part in parts.WithCancellation(cancellation).ConfigureAwait(false))
            {
                archive.Write(part.Span);
                var received = new ByteSize((ulong)archive.Size);
                // A size that turns out too small counts as unknown.
                report(new ImportReport.Receiving(received, size < received ? null : size));
            }
            return archive;
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }
}
