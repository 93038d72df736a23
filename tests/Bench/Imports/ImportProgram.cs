using System.Diagnostics;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Layers;
using DmAgents.Images.Sources;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.Bench.Imports;

/// <summary>
/// Where the time of an import goes: the same image brought further each time, from the decompression alone to a tree
/// on the disk. What an import through the agent takes beyond it is the agent's: devices, mounts, journal.
/// </summary>
internal static class ImportProgram
{
    private const string Help = """
        usage: DmAgents.Bench imports --image OCI-LAYOUT --work DIR [--rounds N]

        DIR is on the file system to be measured. tests/Bench/imports.sh --parts calls it in the lab.
        """;

    public static async Task<int> Run(IReadOnlyList<string> arguments)
    {
        var (image, work, rounds) = ("", "", 5);
        for (var i = 0; i + 1 < arguments.Count; i += 2)
        {
            switch (arguments[i])
            {
                case "--image":
                    image = arguments[i + 1];
                    break;
                case "--work":
                    work = arguments[i + 1];
                    break;
                case "--rounds" when int.TryParse(arguments[i + 1], out rounds):
                    break;
            }
        }
        if (image.Length == 0 || work.Length == 0)
        {
            await Console.Error.WriteLineAsync(Help).ConfigureAwait(false);
            return 2;
        }
        using var source = ImageSource.Open(image, work);
        var layers = source.Describe().Layers;
        var parts = new ImportParts(source, layers, work);
        // The first round warms up and does not count.
        await parts.Measure(new Dictionary<string, Series>()).ConfigureAwait(false);
        var series = new Dictionary<string, Series>();
        for (var round = 0; round < rounds; round++)
            await parts.Measure(series).ConfigureAwait(false);
        Console.WriteLine($"{layers.Count} layers, {parts.Entries} entries, {parts.Bytes >> 20} MiB uncompressed; "
            + $"{Environment.ProcessorCount} processor(s); milliseconds, medians of {rounds}");
        foreach (var (name, times) in series)
            Console.WriteLine($"{name,-55} {times.Median,8:F0}");
        return 0;
    }
}

/// <summary>One round over all parts.</summary>
internal sealed class ImportParts(IImageSource source, IReadOnlyList<LayerDescriptor> layers, string work)
{
    public long Entries { get; private set; }

    public long Bytes { get; private set; }

    public async Task Measure(Dictionary<string, Series> series)
    {
        Time(series, "read, decompress, digest", Digest);
        Time(series, "the same, and parse, onto a tree in memory", () => Apply(new MemoryTree()));
        var tree = Path.Combine(work, "tree");
        Directory.CreateDirectory(tree);
        Time(series, "the same, onto the file system", () =>
        {
            var status = LinuxFileTree.Open(tree, out var opened);
            if (!status.IsDone)
                throw new InvalidOperationException($"{tree}: {status}");
            using (opened)
                Apply(opened!);
        });
        var begun = Stopwatch.GetTimestamp();
        await Program("/bin/sync", "-f", work).ConfigureAwait(false);
        Add(series, "until it is durable besides (sync, as a process)", begun);
        await Program("/bin/rm", "-rf", tree).ConfigureAwait(false);
        await Program("/bin/sync", "-f", work).ConfigureAwait(false);
    }

    private void Digest()
    {
        Bytes = 0;
        foreach (var layer in layers)
        {
            using var stream = source.OpenLayer(layer);
            stream.ReadToEnd();
            Bytes += stream.Bytes;
        }
    }

    private void Apply(IFileTree tree)
    {
        Entries = 0;
        foreach (var layer in layers)
        {
            using var stream = source.OpenLayer(layer);
            Entries += LayerApplier.Apply(stream, tree, onEmptyBase: layer == layers[0]).Entries;
        }
    }

    private static void Time(Dictionary<string, Series> series, string name, Action part)
    {
        var begun = Stopwatch.GetTimestamp();
        part();
        Add(series, name, begun);
    }

    private static void Add(Dictionary<string, Series> series, string name, long begun)
    {
        if (!series.TryGetValue(name, out var times))
            series[name] = times = new Series();
        times.Add(Series.Milliseconds(Stopwatch.GetTimestamp() - begun));
    }

    private static async Task Program(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync().ConfigureAwait(false);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}");
    }
}
