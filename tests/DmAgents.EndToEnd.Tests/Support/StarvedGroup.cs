using System.Globalization;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>A control group whose processes get a small part of a processor (cgroup v1, cpu).</summary>
internal sealed class StarvedGroup : IDisposable
{
    private const int Period = 100_000;

    private readonly string _directory;

    /// <param name="share">Of one processor, from 0 to 1.</param>
    public StarvedGroup(string name, double share)
    {
        _directory = $"/sys/fs/cgroup/cpu/{name}";
        Assert.True(
            Directory.Exists(Path.GetDirectoryName(_directory)), "the lab has no control groups: tests/lab/run --cgroups");
        Directory.CreateDirectory(_directory);
        Quota(Math.Max(1000, (int)(share * Period)));
    }

    /// <summary>The words that a program is started with to be in the group: it becomes the program.</summary>
    public string Within => $"/bin/sh -c 'echo $$ > {_directory}/cgroup.procs && exec \"$0\" \"$@\"'";

    /// <summary>The processes get what they need.</summary>
    public void Feed() => Quota(-1);

    /// <summary>What still runs in it goes on outside.</summary>
    public void Dispose()
    {
        foreach (var process in File.ReadAllLines($"{_directory}/cgroup.procs"))
            File.WriteAllText($"{Path.GetDirectoryName(_directory)}/cgroup.procs", process);
        Directory.Delete(_directory);
    }

    private void Quota(int microseconds)
    {
        File.WriteAllText($"{_directory}/cpu.cfs_period_us", Period.ToString(CultureInfo.InvariantCulture));
        File.WriteAllText($"{_directory}/cpu.cfs_quota_us", microseconds.ToString(CultureInfo.InvariantCulture));
    }
}
