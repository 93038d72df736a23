using System.Diagnostics;
using System.Text.Json;
using DmAgents.Bench.Containerd.Diff.V1;

namespace DmAgents.Bench.Snapshots;

/// <summary>
/// A real image, through containerd: its blobs are in containerd's content store, and each layer is prepared, applied
/// and committed as containerd's clients do it. Docker reads the image's archive and unpacks it.
/// </summary>
internal static class ImageUnpacks
{
    /// <summary>The name by which Docker knows the image in the archive.</summary>
    private const string DockersName = "debian:demo";

    public static async Task Measure(
        SnapshotSides sides, SnapshotOptions options, int times, SnapshotFigures figures)
    {
        var layers = LayersOf(options.Image);
        if (sides.All.OfType<ContainerdSide>().Any())
            await Ingest(options.Archive).ConfigureAwait(false);
        // The first reading of the blobs does not count.
        for (var i = -1; i < times; i++)
        {
            foreach (var side in sides.All)
            {
                var name = $"unpack{i + 1}";
                var begun = Stopwatch.GetTimestamp();
                if (side is ContainerdSide containerd)
                    await containerd.Unpack(name, layers).ConfigureAwait(false);
                else if (side is DockerSide docker)
                    await docker.Load(options.Archive).ConfigureAwait(false);
                else
                    continue;
                var taken = Series.Milliseconds(Stopwatch.GetTimestamp() - begun);
                if (i >= 0)
                    figures[SnapshotRow.Unpack, side.Name].Times.Add(taken);
                await Forget(side, name, layers.Count).ConfigureAwait(false);
            }
        }
    }

    private static async Task Forget(SnapshotSide side, string name, int layers)
    {
        if (side is DockerSide docker)
            await docker.RemoveImage(DockersName).ConfigureAwait(false);
        else
        {
            for (var i = layers - 1; i >= 0; i--)
                await side.Remove($"{name}-{i}").ConfigureAwait(false);
        }
        await side.Settle().ConfigureAwait(false);
    }

    private static async Task Ingest(string archive)
    {
        using var ctr = Process.Start("/usr/bin/ctr", ["-n", "bench", "images", "import", "--no-unpack", archive]);
        await ctr.WaitForExitAsync().ConfigureAwait(false);
        if (ctr.ExitCode != 0)
            throw new InvalidOperationException($"containerd does not take {archive}");
    }

    private static List<Blob> LayersOf(string layout)
    {
        using var index = Read($"{layout}/index.json");
        using var manifest = Read(FileOf(index.RootElement.GetProperty("manifests")[0].GetProperty("digest")));
        return
        [
            .. manifest.RootElement.GetProperty("layers").EnumerateArray().Select(layer => new Blob
            {
                MediaType = layer.GetProperty("mediaType").GetString(),
                Digest = layer.GetProperty("digest").GetString(),
                Size = layer.GetProperty("size").GetInt64(),
            }),
        ];
        string FileOf(JsonElement digest) => $"{layout}/blobs/{digest.GetString()!.Replace(':', '/')}";
        static JsonDocument Read(string file) => JsonDocument.Parse(File.ReadAllBytes(file));
    }
}
