using System.Text;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Files;

namespace DmAgents.Kernel.Tests.Files;

public sealed class LinuxDurableFilesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("dmagents-files-").FullName;
    private readonly LinuxDurableFiles _files = new();

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Replace_makes_the_file_and_its_missing_directory()
    {
        var path = Path.Combine(_root, "a", "b", "one.json");

        var replaced = _files.Replace(path, "first"u8);

        Assert.Equal(KernelResult.Done, replaced);
        Assert.Equal("first", File.ReadAllText(path));
    }

    [Fact]
    public void The_names_in_a_directory_are_made_durable_and_a_missing_one_is_said()
    {
        Assert.Equal(KernelResult.Done, _files.SyncDirectory(_root));
        Assert.True(_files.SyncDirectory(Path.Combine(_root, "none")).FailedWith(KernelFault.NotFound));
    }

    [Fact]
    public void Replace_leaves_nothing_of_a_longer_content_before()
    {
        var path = Path.Combine(_root, "one.json");
        _files.Replace(path, "a longer content"u8);

        _files.Replace(path, "short"u8);

        Assert.Equal("short", Encoding.UTF8.GetString(_files.Read(path).Value));
        Assert.Equal(["one.json"], _files.List(_root).Value);
    }

    [Fact]
    public void Replace_overwrites_what_a_crash_left_of_its_temporary_file()
    {
        var path = Path.Combine(_root, "one.json");
        File.WriteAllText(path + ".tmp", "half of an old one, and longer than the new");

        _files.Replace(path, "whole"u8);

        Assert.Equal("whole", File.ReadAllText(path));
        Assert.False(File.Exists(path + ".tmp"));
    }

    [Fact]
    public void A_secret_is_its_owners_alone_even_where_a_readable_file_was()
    {
        var path = Path.Combine(_root, "keys", "host.key");
        _files.Replace(path, "readable"u8);
        File.WriteAllText(path + ".tmp", "readable, too, and left by a crash");
        using var reader = File.OpenRead(path + ".tmp");

        var replaced = _files.ReplaceSecret(path, "secret"u8);

        Assert.Equal(KernelResult.Done, replaced);
        Assert.Equal("secret", File.ReadAllText(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.False(File.Exists(path + ".tmp"));
        Assert.Equal("readable, too, and left by a crash", new StreamReader(reader).ReadToEnd());
    }

    [Fact]
    public void A_full_disk_is_told_as_such()
    {
        var path = Path.Combine(_root, "one.json.gz");
        File.CreateSymbolicLink(path + ".tmp", "/dev/full");

        var refused = _files.Replace(path, stream =>
        {
            stream.Write(new byte[1 << 20]);
            return KernelResult.Done;
        });

        Assert.Equal(KernelFault.NoSpace, refused.Error!.Fault);
    }

    [Fact]
    public void A_directory_is_no_file_to_be_read() =>
        Assert.Equal(KernelFault.NotPermitted, _files.Read(_root).Error!.Fault);

    [Fact]
    public void Delete_removes_a_file_and_takes_a_missing_one_for_done()
    {
        var path = Path.Combine(_root, "one.json");
        _files.Replace(path, "x"u8);

        Assert.Equal(KernelResult.Done, _files.Delete(path));
        Assert.Equal(KernelResult.Done, _files.Delete(path));

        Assert.True(_files.Read(path).FailedWith(KernelFault.NotFound));
    }

    [Fact]
    public void List_of_a_missing_directory_is_empty() =>
        Assert.Empty(_files.List(Path.Combine(_root, "none")).Value);

    [Fact]
    public void Replace_names_the_path_that_cannot_be_written()
    {
        File.WriteAllText(Path.Combine(_root, "file"), "not a directory");

        var refused = _files.Replace(Path.Combine(_root, "file", "one.json"), "x"u8);

        Assert.False(refused.Succeeded);
        Assert.Contains(_root, refused.Error.Subject, StringComparison.Ordinal);
    }
}
