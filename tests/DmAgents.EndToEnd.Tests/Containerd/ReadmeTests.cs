using System.Globalization;
using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Containerd;

/// <summary>What the README says of containerd is typed, line by line, by a shell. tests/docker does the same with what
/// it says of Docker.</summary>
[Collection(ContainerdCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class ReadmeTests(ContainerdFixture host)
{
    private const string Image = "docker.io/library/debian:12";
    private const string Directory = Places.Work + "/readme";

    [Fact]
    public async Task Its_lines_for_containerd_can_be_typed()
    {
        await host.BeginEmpty();
        using var registry = new OciRegistry(Places.Image);
        await StandIns();
        var lines = Page.Typed("README.md", "**With containerd**");
        Assert.Contains(lines, line => line.StartsWith("ctr images pull", StringComparison.Ordinal));
        var outputs = new Dictionary<string, string>();
        foreach (var line in lines)
            outputs[line] = await Type(line, registry);

        Assert.Contains("Linux", outputs[lines.Single(line => line.EndsWith("uname -a", StringComparison.Ordinal))],
            StringComparison.Ordinal);
        Assert.Contains("containerd.default/", outputs["dmagent layer tree"], StringComparison.Ordinal);
        Assert.Equal(ContainerdFixture.DebianLayers, (await host.List()).Count);
        var config = await File.ReadAllLinesAsync($"{Directory}/etc/config.toml");
        Assert.Equal($"imports = [\"{Directory}/etc/conf.d/*.toml\"]", config[0]);
        Assert.Contains("[proxy_plugins.dmagents]", await File.ReadAllTextAsync($"{Directory}/etc/conf.d/dmagents.toml"),
            StringComparison.Ordinal);
        Assert.Equal("restart containerd\n", await File.ReadAllTextAsync($"{Directory}/systemctl.log"));

        await ContainerdProcess.RemoveImage(Here(Image, registry));
        await host.MustBeEmpty();
    }

    [Fact]
    public async Task A_container_is_as_large_as_the_label_that_the_readme_names_says()
    {
        const string named = "ctr run --snapshotter-label containerd.io/snapshot/max-size=20GiB";
        Assert.Contains($"`{named}`", await File.ReadAllTextAsync($"{Places.Root}/README.md"), StringComparison.Ordinal);
        await host.BeginWithImage();
        // No device is larger than its pool: that is the most that can be asked for here.
        var wanted = host.Meter.Status.Data.Total * PoolMeter.BlockSize >> 20;

        var sized = await SizeWithin(named.Replace("20GiB", $"{wanted}MiB", StringComparison.Ordinal));

        Assert.InRange(sized, await SizeWithin("ctr run") + (8 << 20), wanted << 20);
    }

    /// <summary>Bytes of a container's file system, as a program in it sees them.</summary>
    private static async Task<ulong> SizeWithin(string run)
    {
        var printed = await ContainerdProcess.MustCtr([
            .. run.Split(' ')[1..], "--rm", "--snapshotter", ContainerdProcess.Snapshotter, ContainerdFixture.Debian,
            "sized", "stat", "-f", "-c", "%b %S", "/"]);
        var words = printed.Split(' ', StringSplitOptions.TrimEntries);
        return ulong.Parse(words[0], CultureInfo.InvariantCulture) * ulong.Parse(words[1], CultureInfo.InvariantCulture);
    }

    /// <summary>systemctl notes what it is asked for: the lab has no systemd, and containerd runs already with what the
    /// command prints.</summary>
    private static async Task StandIns()
    {
        System.IO.Directory.CreateDirectory($"{Directory}/bin");
        System.IO.Directory.CreateDirectory($"{Directory}/etc");
        await File.WriteAllTextAsync($"{Directory}/etc/config.toml", "version = 2\n");
        await File.WriteAllTextAsync($"{Directory}/bin/systemctl", $"#!/bin/sh\necho \"$*\" >> {Directory}/systemctl.log\n");
        await Shell.Must("/bin/chmod", "755", $"{Directory}/bin/systemctl");
    }

    /// <summary>The image comes from a registry of this host, and containerd's settings are not the system's.</summary>
    private static string Here(string line, OciRegistry registry) => line
        .Replace("docker.io/", $"{registry.Address}/", StringComparison.Ordinal)
        .Replace("ctr images pull", "ctr images pull --plain-http", StringComparison.Ordinal)
        .Replace("/etc/containerd", $"{Directory}/etc", StringComparison.Ordinal);

    private async Task<string> Type(string line, OciRegistry registry)
    {
        var settings = $"export PATH='{Directory}/bin:{Path.GetDirectoryName(Places.Cli)}':$PATH "
            + $"DMAGENT_SOCKET='{host.Places.Socket}' CONTAINERD_ADDRESS='{ContainerdProcess.Address}'";
        return await Shell.Must("/bin/sh", "-c", $"{settings}; {Here(line, registry)}");
    }
}
