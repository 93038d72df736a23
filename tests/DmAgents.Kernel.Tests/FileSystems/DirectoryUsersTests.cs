using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.FileSystems;
using DmAgents.Kernel.Processes;

namespace DmAgents.Kernel.Tests.FileSystems;

public sealed class DirectoryUsersTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("dmagents-users-").FullName;
    private readonly LinuxFileSystems _fileSystems = new(new ProcessRunner(TimeSpan.FromSeconds(1)));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Who_has_a_file_open_is_found_also_by_a_link_to_the_directory()
    {
        var (real, link) = (Path.Combine(_root, "real"), Path.Combine(_root, "link"));
        Directory.CreateDirectory(Path.Combine(real, "docker"));
        Directory.CreateSymbolicLink(link, real);
        var asked = new MountPath($"{link}/docker");
        using var file = File.Create($"{real}/docker/open");

        Assert.Contains(_fileSystems.UsersOf(asked).Value, user => user.ProcessId == Environment.ProcessId);
        Assert.Equal(new MountPath($"{real}/docker"), _fileSystems.Identify(asked).Value.Path);
    }

    [Fact]
    public void A_directory_that_is_not_there_has_no_users() =>
        Assert.Empty(_fileSystems.UsersOf(new MountPath($"{_root}/none")).Value);

    [Fact]
    public void A_file_is_no_directory_to_be_used()
    {
        File.WriteAllText($"{_root}/file", "");

        Assert.True(_fileSystems.Identify(new MountPath($"{_root}/file")).FailedWith(KernelFault.Invalid));
    }
}
