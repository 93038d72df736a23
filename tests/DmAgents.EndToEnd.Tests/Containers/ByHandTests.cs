using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Testing.Contracts;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.EndToEnd.Tests.Containers;

/// <summary>What someone does to mounts and devices by hand, on a real kernel: the agent never says what is not so.
/// </summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class ByHandTests(AgentFixture agent) : IAsyncLifetime
{
    private const string Pool = "by-hand";
    private const string Image = "small:1";

    public async Task InitializeAsync()
    {
        await agent.Client.CreateLoopPool(Pool, 256UL << 20);
        await agent.Client.Import(Pool, await SmallImage.Write(Pool), Image);
    }

    public Task DisposeAsync() => agent.Client.RemovePool(Pool);

    [Fact]
    public async Task A_container_that_was_unmounted_by_hand_is_mounted_again()
    {
        var container = await agent.Client.Create(Pool, "web", Image);
        await File.WriteAllTextAsync($"{container.MountPath}/mine", "kept");
        Assert.True((await Mount("web")).WasMounted);
        await Shell.Must("umount", container.MountPath);
        Assert.False(File.Exists($"{container.MountPath}/mine"));

        var mounted = await Mount("web");

        Assert.False(mounted.WasMounted);
        Assert.Equal("kept", await File.ReadAllTextAsync($"{mounted.Path}/mine"));
        await agent.Client.MustAgree(Pool);
    }

    [Fact]
    public async Task A_mount_that_was_made_read_only_by_hand_is_refused_and_comes_back_by_an_unmount()
    {
        var container = await agent.Client.Create(Pool, "web", Image);
        await Shell.Must("mount", "-o", "remount,ro", container.MountPath);

        var problem = await AgentClient.Refused(Kind.Failed, () => Mount("web"));

        Assert.Contains("takes no writes", problem.Why, StringComparison.Ordinal);
        await agent.Client.Unmount(Pool, "web");
        await Mount("web");
        await File.WriteAllTextAsync($"{container.MountPath}/mine", "written");
        await agent.Client.MustAgree(Pool);
    }

    [Fact]
    public async Task Something_else_that_was_mounted_in_its_place_is_not_taken_for_the_container()
    {
        var container = await agent.Client.Create(Pool, "web", Image);
        await Shell.Must("umount", container.MountPath);
        await Shell.Must("mount", "-t", "tmpfs", "none", container.MountPath);

        await AgentClient.Refused(Kind.Busy, () => Mount("web"));

        await Shell.Must("umount", container.MountPath);
        Assert.False((await Mount("web")).WasMounted);
    }

    [Fact]
    public async Task A_device_that_was_suspended_by_hand_runs_again_when_it_is_mounted()
    {
        var container = await agent.Client.Create(Pool, "web", Image);
        agent.Kernel.Suspend(new MappedName(Path.GetFileName(container.DevicePath)), freeze: false).Must();

        Assert.False((await Mount("web")).WasMounted);

        await File.WriteAllTextAsync($"{container.MountPath}/mine", "written");
        await agent.Client.MustAgree(Pool);
    }

    [Fact]
    public async Task A_table_of_a_loop_pool_that_was_changed_by_hand_is_reported_and_brought_back()
    {
        var name = DeviceNames.Pool(new PoolName(Pool)).Value;
        var table = (await Shell.Run("/sbin/dmsetup", "table", name)).Output.Trim().Split(' ');
        // Start, length, "thin-pool", metadata, data, block, low water mark.
        table[6] = "7";
        await Shell.Must("/sbin/dmsetup", "reload", name, "--table", string.Join(' ', table));
        await Shell.Must("/sbin/dmsetup", "suspend", name);
        await Shell.Must("/sbin/dmsetup", "resume", name);

        var found = Assert.Single((await Check()).Findings);

        Assert.Equal((name, "its table was changed"), (found.Object, found.What));
        await agent.Client.Pools.RepairAsync(
            new RepairPoolRequest { RequestId = AgentClient.NewId(), Pool = Pool });
        await agent.Client.MustAgree(Pool);
    }

    [Fact]
    public async Task A_file_that_was_put_in_the_place_of_a_loop_pools_file_is_reported_until_it_is_gone()
    {
        var file = $"{agent.Places.Pool(Pool)}/data.img";
        File.Move(file, $"{file}.moved");
        var gone = Assert.Single((await Check()).Findings);
        await Shell.Must("/usr/bin/truncate", "--size", "256M", file);

        var other = Assert.Single((await Check()).Findings);

        Assert.Equal((file, "the file is gone, and the live pool uses it still"), (gone.Object, gone.What));
        Assert.Equal((file, "the live pool does not use this file"), (other.Object, other.What));
        File.Move($"{file}.moved", file, overwrite: true);
        await agent.Client.MustAgree(Pool);
        await agent.Client.Create(Pool, "web", Image);
    }

    [Fact]
    public async Task A_loop_file_that_was_made_shorter_by_hand_is_reported()
    {
        var file = $"{agent.Places.Pool(Pool)}/data.img";
        await Shell.Must("/usr/bin/truncate", "--size", "255M", file);

        var found = Assert.Single((await Check()).Findings);

        Assert.Equal((file, "the file is shorter than the journal says"), (found.Object, found.What));
        await Shell.Must("/usr/bin/truncate", "--size", "256M", file);
        await agent.Client.MustAgree(Pool);
    }

    private async Task<CheckPoolReply> Check() =>
        await agent.Client.Pools.CheckAsync(new CheckPoolRequest { Pool = Pool });

    private async Task<MountContainerReply> Mount(string name) => await agent.Client.Containers.MountAsync(
        new MountContainerRequest { RequestId = AgentClient.NewId(), Pool = Pool, Container = name });

    /// <summary>How a process can be in a file system, as the kernel lists it.</summary>
    [Theory]
    [InlineData("working directory", "cd \"$0\"; exec sleep 600", "sleep")]
    [InlineData("root directory", "exec python3 -c 'import os, time; os.chroot(\"'$0'\"); time.sleep(600)'", "python3")]
    [InlineData("program", "cp /bin/sleep \"$0/held\"; exec \"$0/held\" 600", "held")]
    [InlineData("open file", "exec 3>\"$0/held\"; exec sleep 600", "sleep")]
    [InlineData("mapped file", "cp /lib/*/libm.so.6 \"$0/held\"; LD_PRELOAD=\"$0/held\" exec sleep 600", "sleep")]
    public async Task An_unmount_that_is_refused_names_the_process_that_is_there(string how, string script, string name)
    {
        var container = await agent.Client.Create(Pool, "web", Image);
        using var inside = System.Diagnostics.Process.Start(Shell.Info("/bin/sh", "-c", script, container.MountPath))!;
        try
        {
            await Patience.Until(() => IsThere(inside.Id, name, container.MountPath), $"{name} is there by its {how}");

            var problem = await AgentClient.Refused(Kind.Busy, () => agent.Client.Unmount(Pool, "web"));

            Assert.Contains($"{how} {container.MountPath}", problem.Why, StringComparison.Ordinal);
            Assert.Contains($" of process {inside.Id} ({name})", problem.Why, StringComparison.Ordinal);
        }
        finally
        {
            inside.Kill();
            await inside.WaitForExitAsync();
        }
        await agent.Client.Unmount(Pool, "web");
    }

    /// <summary>The shell became the program, which has what it needs of the file system.</summary>
    private static bool IsThere(int process, string name, string mount)
    {
        var proc = $"/proc/{process}";
        if (File.ReadAllText($"{proc}/comm") != $"{name}\n")
            return false;
        string[] links = [$"{proc}/cwd", $"{proc}/root", $"{proc}/exe", .. Directory.GetFiles($"{proc}/fd")];
        return File.ReadAllText($"{proc}/maps").Contains(mount, StringComparison.Ordinal) || links.Any(link =>
            File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName.StartsWith(mount, StringComparison.Ordinal)
                is true);
    }
}
