using System.Diagnostics;
using System.Globalization;
using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Containerd;

/// <summary>A container whose program writes number after number to a file, each durably, and ends at the first error.
/// </summary>
internal sealed record RunningContainer(string Name)
{
    private const string Program = """
        import os, time
        n, f = 0, os.open('/numbers', os.O_RDWR | os.O_CREAT | os.O_APPEND)
        while True:
            n += 1
            os.write(f, b'%d\n' % n)
            os.fsync(f)
            time.sleep(.02)
        """;

    public string Root => ContainerdProcess.RootOf(Name);

    private string File => $"{Root}/numbers";

    public static async Task<RunningContainer> Start(string name)
    {
        await ContainerdProcess.MustRun(ContainerdFixture.Debian, name, Arguments);
        return new RunningContainer(name);
    }

    /// <summary>Starts one where that may fail.</summary>
    public static Task<Finished> Try(string name) =>
        ContainerdProcess.Run(ContainerdFixture.Debian, name, Arguments);

    private static string[] Arguments => ["/usr/bin/python3", "-c", Program];

    /// <summary>Waits until it has written so many numbers more.</summary>
    public async Task Advance(int count)
    {
        var clock = Stopwatch.StartNew();
        for (var target = Last() + count; Last() < target;)
        {
            Assert.True(clock.Elapsed < Patience.Limit, $"{Name} stands still at {Last()} of {target}");
            await Task.Delay(10);
        }
    }

    /// <summary>It still writes, and has everything that it wrote.</summary>
    public async Task MustBeUnharmed()
    {
        await Advance(5);
        var lines = await System.IO.File.ReadAllLinesAsync(File);
        for (var i = 0; i < lines.Length - 1; i++)
            Assert.Equal($"{i + 1}", lines[i]);
    }

    public Task Stop() => ContainerdProcess.Stop(Name);

    private int Last()
    {
        if (!System.IO.File.Exists(File))
            return 0;
        var lines = System.IO.File.ReadAllText(File).Split('\n');
        // After the last newline there is nothing, or a number that is being written.
        return lines.Length < 2 ? 0 : int.Parse(lines[^2], CultureInfo.InvariantCulture);
    }
}
