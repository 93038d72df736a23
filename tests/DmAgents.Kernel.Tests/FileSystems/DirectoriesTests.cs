using DmAgents.Domain.Ports;
using DmAgents.Kernel.FileSystems;

namespace DmAgents.Kernel.Tests.FileSystems;

/// <summary>Directories for mounts, on any file system.</summary>
public sealed class DirectoriesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("dmagents-directories-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>The projection removes the directory of a name that was given back, while the next device of that name
    /// is mounted.</summary>
    [Fact]
    public async Task A_directory_is_made_while_another_thread_removes_it()
    {
        var path = $"{_root}/web";
        using var end = new CancellationTokenSource();
        var removing = Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
                Directories.Remove(path);
        });

        // Two of them: what one finds the other has made, and it is gone before the first one looks.
        KernelResult Make() => Enumerable.Range(0, 300_000).Select(_ => Directories.Ensure(path))
            .FirstOrDefault(result => !result.Succeeded);
        var made = await Task.WhenAll(Task.Run(Make), Task.Run(Make));

        await end.CancelAsync();
        await removing;
        Assert.All(made, result => Assert.True(result.Succeeded, $"{result.Error}"));
    }

    [Fact]
    public void What_is_no_directory_is_refused()
    {
        var (file, dangling) = ($"{_root}/file", $"{_root}/dangling");
        File.WriteAllText(file, "");
        File.CreateSymbolicLink(dangling, $"{_root}/nowhere");

        Assert.Equal(KernelFault.Invalid, Directories.Ensure(file).Error!.Fault);
        Assert.Equal(KernelFault.Invalid, Directories.Ensure(dangling).Error!.Fault);
    }

    [Fact]
    public void Missing_parents_are_made()
    {
        Assert.Equal(KernelResult.Done, Directories.Ensure($"{_root}/a/b/c"));

        Assert.True(Directory.Exists($"{_root}/a/b/c"));
    }
}
