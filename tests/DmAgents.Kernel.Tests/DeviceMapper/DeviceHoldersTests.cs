using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.DeviceMapper;
using DmAgents.Kernel.FileSystems;
using DmAgents.Kernel.Processes;
using DmAgents.Testing.Contracts;

namespace DmAgents.Kernel.Tests.DeviceMapper;

public sealed class DeviceHoldersTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("dmagents-test-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void Each_mount_namespace_speaks_once_and_a_device_above_by_its_name()
    {
        Process(10, "mnt:[1]", "30 1 254:7 / /var/a rw - ext4 /dev/mapper/x rw\n");
        Process(11, "mnt:[1]", "30 1 254:7 / /var/a rw - ext4 /dev/mapper/x rw\n");
        Process(9, "mnt:[2]", "31 1 254:7 / /mnt/b\\040c ro - ext4 x rw\n32 1 254:8 / /other rw - ext4 x rw\n");
        Process(12, "mnt:[3]", "33 1 254:77 / /elsewhere rw - ext4 x rw\n");
        Directory.CreateDirectory(Path.Combine(_root.FullName, "proc", "sys"));
        Write("sys/dev/block/254:7/holders/dm-3/dm/name", "above\n");
        Directory.CreateDirectory(Path.Combine(_root.FullName, "sys/dev/block/254:7/holders/md0"));

        Assert.Equal(
            [
                new DeviceHolder("device", "above", null),
                new DeviceHolder("device", "md0", null),
                new DeviceHolder("mount", "/mnt/b c", 9),
                new DeviceHolder("mount", "/var/a", 10),
            ],
            Holders(new DeviceNumber(254, 7)));
    }

    [Fact]
    public void A_device_that_nobody_holds_has_no_holders()
    {
        Process(1, "mnt:[1]", "30 1 254:7 / / rw - ext4 x rw\n");

        Assert.Empty(Holders(new DeviceNumber(254, 9)));
    }

    [Fact]
    public void A_process_that_went_meanwhile_is_skipped()
    {
        Directory.CreateDirectory(Path.Combine(_root.FullName, "proc", "13"));
        Process(14, "mnt:[1]", "30 1 254:7 / /a rw - ext4 x rw\n");

        Assert.Equal(14, Assert.Single(Holders(new DeviceNumber(254, 7))).ProcessId);
    }

    private IReadOnlyList<DeviceHolder> Holders(DeviceNumber number) => DeviceHolders.Of(
        number,
        new DirectoryInfo(Path.Combine(_root.FullName, "proc")),
        new DirectoryInfo(Path.Combine(_root.FullName, "sys")));

    private void Process(int id, string space, string mounts)
    {
        Write($"proc/{id}/mountinfo", mounts);
        Directory.CreateDirectory(Path.Combine(_root.FullName, $"proc/{id}/ns"));
        File.CreateSymbolicLink(Path.Combine(_root.FullName, $"proc/{id}/ns/mnt"), space);
    }

    private void Write(string path, string text)
    {
        var full = Path.Combine(_root.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    [Fact]
    public async Task Processes_are_found_by_working_directory_open_and_mapped_files_with_their_commands()
    {
        var directory = Directory.CreateDirectory($"/dev/shm/dmagents-test-{Guid.NewGuid():N}");
        var memory = DeviceOf(directory.FullName);
        using var inside = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("/bin/sleep", "600")
        {
            WorkingDirectory = directory.FullName,
        })!;
        try
        {
            Eventually.Equal(
                new DeviceHolder("working directory", directory.FullName, inside.Id) { Command = "sleep" },
                () => FileSystemUsers.Of(memory, new DirectoryInfo("/proc"))
                    .FirstOrDefault(found => found.ProcessId == inside.Id),
                "the process that is found");
        }
        finally
        {
            inside.Kill();
            inside.WaitForExit();
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_mapped_file_is_found_when_its_descriptor_is_closed()
    {
        Write("proc/20/comm", "postgres\n");
        Write("proc/20/maps",
            "5581-5582 r--p 00000000 fe:07 42    /srv/with blank\n7f00-7f01 rw-p 00000000 00:00 0\n");
        Write("proc/21/maps", "5581-5582 r--p 00000000 fe:08 42    /srv/other\n");

        Assert.Equal(
            new DeviceHolder("mapped file", "/srv/with blank", 20) { Command = "postgres" },
            Assert.Single(Holders(new DeviceNumber(254, 7))));
    }

    private static DeviceNumber DeviceOf(string directory) =>
        new LinuxFileSystems(new ProcessRunner(TimeSpan.FromSeconds(1))).Identify(new MountPath(directory))
            .Value.Device;
}
