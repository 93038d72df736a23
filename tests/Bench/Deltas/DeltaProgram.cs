using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel;

namespace DmAgents.Bench.Deltas;

/// <summary>How long it takes to find what changed in a large device: the agent's reader of the pool's metadata beside
/// thin_delta, on the same pool, in turn.</summary>
internal static class DeltaProgram
{
    private const string Help = """
        usage: DmAgents.Bench deltas --pool DATA,METADATA [--changes N] [--rounds N]

        METADATA has one device, 1. Writes to DATA. tests/Bench/deltas.sh makes both, and calls it in the lab.
        """;

    public static async Task<int> Run(IReadOnlyList<string> arguments)
    {
        var (disks, changes, rounds) = ((DiskPair?)null, 100, 11);
        for (var i = 0; i + 1 < arguments.Count; i += 2)
        {
            switch (arguments[i])
            {
                case "--pool":
                    disks = DiskPair.Parse(arguments[i + 1]);
                    break;
                case "--changes" when int.TryParse(arguments[i + 1], out changes):
                case "--rounds" when int.TryParse(arguments[i + 1], out rounds):
                    break;
            }
        }
        if (disks is null || changes < 1 || rounds < 1)
        {
            await Console.Error.WriteLineAsync(Help).ConfigureAwait(false);
            return 2;
        }
        var opened = LinuxKernel.Open();
        if (!opened.Succeeded)
        {
            await Console.Error.WriteLineAsync($"device-mapper cannot be used: {opened.Error}").ConfigureAwait(false);
            return 1;
        }
        using var kernel = opened.Value;
        var pool = new DeltaPool(kernel, disks);
        var mapped = pool.Change(changes);
        pool.Measure(rounds, changes);
        Console.WriteLine($"{mapped} blocks mapped, {changes} changed; milliseconds of {rounds}");
        Print("thin_delta", pool.Program);
        Print("the agent's reader", pool.Reader);
        Console.WriteLine($"ratio of the medians: {pool.Program.Median / pool.Reader.Median:F1}");
        return 0;
    }

    private static void Print(string name, Series times) => Console.WriteLine(
        $"{name,-20} median {times.Median,8:F1}   longest {times.Longest,8:F1}");
}

/// <summary>A pool with a large device and a snapshot of it that has changed.</summary>
internal sealed partial class DeltaPool
{
    private static readonly (ThinId Parent, ThinId Child) Thins = (new ThinId(1), new ThinId(2));

    private readonly LinuxKernel _kernel;
    private readonly ThinPoolTable _table;

    public DeltaPool(LinuxKernel kernel, DiskPair disks)
    {
        _kernel = kernel;
        _table = new ThinPoolTable(
            new MappedName("bench-deltas"), new MappedUuid("DMAGENTS-bench-deltas"), disks.Metadata, disks.Data,
            Must(kernel.Inspect(disks.Data)).Size.Sectors, PoolBlockSize.Default, LowWaterMark: 0);
        Must(kernel.OpenPool(_table));
    }

    public Series Program { get; } = new();

    public Series Reader { get; } = new();

    /// <summary>Writes to blocks that are spread over the whole device.</summary>
    /// <returns>How many blocks it has mapped.</returns>
    public ulong Change(int changes)
    {
        Must(_kernel.CreateSnapshot(_table.Name, Thins.Child, Thins.Parent));
        var mapped = Must(_kernel.ListThins(_table.Name)).Single(thin => thin.Id == Thins.Child).MappedBlocks;
        var block = PoolBlockSize.Default.Bytes.Bytes;
        var child = new ThinTable(
            new MappedName("bench-deltas-child"), new MappedUuid("DMAGENTS-bench-deltas-child"), _table.Name,
            Thins.Child, new ByteSize(mapped * block).Sectors, ReadOnly: false);
        Must(_kernel.ActivateThin(child).Outcome);
        var page = new byte[4096];
        for (var i = 0; i < changes; i++)
        {
            page.AsSpan().Fill((byte)i);
            Must(_kernel.Write(child.Name.Path, new ByteSize(mapped / (ulong)changes * (ulong)i * block), page));
        }
        Must(_kernel.Flush(child.Name.Path));
        Must(_kernel.Remove(child.Name, deferred: false));
        return mapped;
    }

    public void Measure(int rounds, int changes)
    {
        // The first round warms up and does not count.
        for (var round = 0; round <= rounds; round++)
        {
            var (program, reader) = (RunProgram(changes), Read(changes));
            if (round == 0)
                continue;
            Program.Add(program.TotalMilliseconds);
            Reader.Add(reader.TotalMilliseconds);
        }
    }

    /// <summary>The program alone, without what takes and releases the metadata snapshot that it reads.</summary>
    private TimeSpan RunProgram(int changes)
    {
        Message("reserve_metadata_snap");
        var clock = Stopwatch.StartNew();
        var printed = Output("thin_delta", "--metadata-snap", "--snap1", "1", "--snap2", "2", _table.Metadata.Value);
        var taken = clock.Elapsed;
        Message("release_metadata_snap");
        MustBe(changes, Different().Matches(printed)
            .Sum(match => long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)));
        return taken;
    }

    /// <summary>With what takes and releases the metadata snapshot.</summary>
    private TimeSpan Read(int changes)
    {
        var clock = Stopwatch.StartNew();
        var ranges = Must(_kernel.ChangedRanges(_table.Name, Thins.Child, Thins.Parent));
        var taken = clock.Elapsed;
        MustBe(changes, ranges.Sum(range => (long)(range.Length.Bytes / PoolBlockSize.Default.Bytes.Bytes)));
        return taken;
    }

    private static void MustBe(int changes, long found)
    {
        if (found != changes)
            throw new InvalidOperationException($"{found} changed blocks were found, not {changes}");
    }

    private void Message(string message) => Output("dmsetup", "message", _table.Name.Value, "0", message);

    private static string Output(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var printed = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? printed
            : throw new InvalidOperationException($"{program} ended with status {process.ExitCode}");
    }

    private static void Must(KernelResult result)
    {
        if (result.Error is { } error)
            throw new InvalidOperationException($"{error}");
    }

    private static T Must<T>(KernelResult<T> result)
    {
        Must(result.Outcome);
        return result.Value;
    }

    [GeneratedRegex("<different begin=\"[0-9]+\" length=\"([0-9]+)\"")]
    private static partial Regex Different();
}
