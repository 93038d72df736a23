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
    private const string SnippetAddress = "/run/dmagents/containerd.sock";
    private const string Defaults = "containerd config default";
    private const StringComparison Sensitive = StringComparison.Ordinal;

    private const string Debian = """
        version = 2

        [plugins]
          [plugins."io.containerd.grpc.v1.cri"]
            [plugins."io.containerd.grpc.v1.cri".cni]
              bin_dir = "/usr/lib/cni"
              conf_dir = "/etc/cni/net.d"
          [plugins."io.containerd.internal.v1.opt"]
            path = "/var/lib/containerd/opt"

        """;

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
            outputs[line] = await Type(Here(line, registry));

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

    /// <summary>A host's config.toml as it may be before: Debian's, the one of Docker's packages, containerd's own
    /// defaults written out, and none.</summary>
    [Theory]
    [InlineData(Debian)]
    [InlineData("disabled_plugins = [\"cri\"]\n#root = \"/var/lib/containerd\"\n")]
    [InlineData(Defaults)]
    [InlineData(null)]
    public async Task Its_lines_fit_the_configuration_that_a_host_has(string? config)
    {
        await StandIns();
        var file = $"{Directory}/etc/config.toml";
        File.Delete(file);
        if (config == Defaults)
            config = await Shell.Must("containerd", "config", "default");
        if (config is not null)
            await File.WriteAllTextAsync(file, config);

        var lines = Page.Typed("README.md", "**With containerd**");
        foreach (var line in lines.TakeWhile(line => !line.StartsWith("ctr ", Sensitive)))
            await Type(line);

        Assert.Contains($"address = '{SnippetAddress}'", await Dump(file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task containerd_takes_the_configuration_of_two_pools()
    {
        await StandIns();
        var file = $"{Directory}/etc/config.toml";
        var printed = await Shell.Must(Places.Cli, "containerd", "config", "--snapshotter", "dmagents",
            "--snapshotter", "dmagents-fast");
        await File.WriteAllTextAsync($"{Directory}/etc/two.toml", printed);
        await File.WriteAllTextAsync(file, $"imports = [\"{Directory}/etc/two.toml\"]\n{Debian}");

        var dump = await Dump(file);

        foreach (var name in new[] { "dmagents", "dmagents-fast" })
        {
            Assert.Contains($"[proxy_plugins.{name}]", dump, Sensitive);
            // 1.x unpacks by any.
            Assert.Equal(
                printed.Contains("unpack_config", Sensitive), dump.Contains($"snapshotter = '{name}'", Sensitive));
        }
    }

    [Fact]
    public async Task What_the_configuration_says_of_Kubernetes_is_taken()
    {
        var section = ContainerdProcess.Kubernetes(await Shell.Must(Places.Cli, "containerd", "config")).ToList();
        Assert.Equal(2, section.Count);
        await StandIns();
        var file = $"{Directory}/etc/config.toml";
        await File.WriteAllTextAsync(file, Debian);
        Assert.Equal("snapshotter = 'overlayfs'", Snapshotter(await Dump(file), section[0]));

        await File.AppendAllLinesAsync(file, section);

        Assert.Equal("snapshotter = 'dmagents'", Snapshotter(await Dump(file), section[0]));
    }

    /// <summary>All of what containerd takes of a configuration and of what that imports. Releases quote
    /// differently.</summary>
    private static async Task<string> Dump(string file) =>
        (await Shell.Must("containerd", "--config", file, "config", "dump")).Replace('"', '\'');

    private static string Snapshotter(string dump, string section) => dump.Split('\n', StringSplitOptions.TrimEntries)
        .SkipWhile(line => line != section.Replace('"', '\''))
        .First(line => line.StartsWith("snapshotter = ", Sensitive));

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

    /// <summary>As containerd's own snapshotters take it.</summary>
    [Fact]
    public async Task A_label_of_size_0_or_minus_1_is_as_none()
    {
        await host.BeginWithImage();
        const string run = "ctr run --snapshotter-label containerd.io/snapshot/max-size=";
        var without = await SizeWithin("ctr run");

        Assert.Equal((without, without), (await SizeWithin($"{run}0"), await SizeWithin($"{run}-1")));
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
        if (System.IO.Directory.Exists(Directory))
            System.IO.Directory.Delete(Directory, recursive: true);
        System.IO.Directory.CreateDirectory($"{Directory}/bin");
        System.IO.Directory.CreateDirectory($"{Directory}/etc");
        await File.WriteAllTextAsync($"{Directory}/etc/config.toml", "version = 2\n");
        await File.WriteAllTextAsync($"{Directory}/bin/systemctl", $"#!/bin/sh\necho \"$*\" >> {Directory}/systemctl.log\n");
        await Shell.Must("/bin/chmod", "755", $"{Directory}/bin/systemctl");
    }

    /// <summary>The image comes from a registry of this host.</summary>
    private static string Here(string line, OciRegistry registry) => line
        .Replace("docker.io/", $"{registry.Address}/", StringComparison.Ordinal)
        .Replace("ctr images pull", "ctr images pull --plain-http", StringComparison.Ordinal);

    /// <summary>containerd's settings are not the system's.</summary>
    private async Task<string> Type(string line)
    {
        var settings = $"export PATH='{Directory}/bin:{Path.GetDirectoryName(Places.Cli)}':$PATH "
            + $"DMAGENT_SOCKET='{host.Places.Socket}' CONTAINERD_ADDRESS='{ContainerdProcess.Address}'";
        return await Shell.Must("/bin/sh", "-c",
            $"{settings}; {line.Replace("/etc/containerd", $"{Directory}/etc", StringComparison.Ordinal)}");
    }
}
