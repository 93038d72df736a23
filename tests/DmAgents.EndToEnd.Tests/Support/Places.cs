using System.Reflection;
using DmAgents.Domain.Devices;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>Where the tests find what they need: disks, programs, the image. What is missing fails them.</summary>
internal static class Places
{
    /// <summary>Everything that the tests make, but for what is on the disks.</summary>
    public const string Work = "/run/dmagents-e2e";

    /// <summary>Where the disk with the agents' state directories is mounted.</summary>
    public const string State = Work + "/state";

    private static readonly char[] Separators = [':', ' '];

    /// <summary>2 GiB for state directories and the files of loop pools.</summary>
    public static DevicePath StateDisk => Disk(0);

    /// <summary>128 MiB.</summary>
    public static DevicePath MetadataDisk => Disk(1);

    /// <summary>1 GiB, by which the direct pool grows.</summary>
    public static DevicePath SpareDisk => Disk(2);

    /// <summary>6 GiB.</summary>
    public static DevicePath DataDisk => Disk(3);

    /// <summary>The checkout.</summary>
    public static string Root => Path.GetFullPath($"{Metadata("Sources")}/..");

    public static string Agent => Program("dmagentd", "DmAgents.Agent");

    public static string Cli => Program("dmagent", "DmAgents.Cli");

    /// <summary>The OCI layout that deploy/image/build.sh makes.</summary>
    public static string Image
    {
        get
        {
            var named = Environment.GetEnvironmentVariable("DMAGENTS_TEST_IMAGE") ?? Cached();
            Assert.True(File.Exists($"{named}/oci-layout"),
                $"DMAGENTS_TEST_IMAGE is '{named}', which is no OCI layout; make one: deploy/image/build.sh OUTDIR");
            return named;
        }
    }

    /// <summary>What deploy/image/build.sh keeps.</summary>
    private static string Cached()
    {
        var home = Environment.GetEnvironmentVariable("HOME") ?? "/root";
        var cache = new DirectoryInfo($"{home}/.cache/dmagents");
        var newest = cache.Exists
            ? cache.EnumerateDirectories("image-*").Where(d => File.Exists($"{d.FullName}/done"))
                .MaxBy(d => d.LastWriteTimeUtc)
            : null;
        return newest is null ? "" : $"{newest.FullName}/layout";
    }

    private static DevicePath Disk(int index)
    {
        var disks = (Environment.GetEnvironmentVariable("LAB_DISKS") ?? "")
            .Split(Separators, StringSplitOptions.RemoveEmptyEntries);
        Assert.True(index < disks.Length,
            $"the tests need four disks, LAB_DISKS has {disks.Length}; they run in the lab: "
            + "tests/lab/run --cgroups --memory 3G --disk 2G --disk 128M --disk 1G --disk 6G -- ...");
        return new DevicePath(disks[index]);
    }

    private static string Program(string name, string project)
    {
        var folder = Environment.GetEnvironmentVariable("DMAGENTS_BIN")
            ?? Path.GetFullPath($"{Metadata("Sources")}/{project}/{Metadata("Output")}");
        var path = $"{folder}/{name}";
        Assert.True(File.Exists(path), $"there is no {path}; build {project}, or set DMAGENTS_BIN");
        return path;
    }

    private static string Metadata(string key) =>
        typeof(Places).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
