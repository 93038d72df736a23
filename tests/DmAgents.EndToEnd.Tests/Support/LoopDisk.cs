using System.Globalization;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>A disk of a test's own: a loop device on a sparse file, with sectors as the test wants them.</summary>
internal sealed class LoopDisk : IAsyncDisposable
{
    private readonly string _file;

    private LoopDisk(string file) => _file = file;

    public string Path { get; private set; } = "";

    public static async Task<LoopDisk> Attach(string name, long mebibytes, int sector = 512)
    {
        var disk = new LoopDisk($"{Places.State}/{name}.disk");
        await using (var file = File.Create(disk._file))
            file.SetLength(mebibytes << 20);
        disk.Path = (await Shell.Must("losetup", "--find", "--show", "--sector-size", Text(sector), disk._file)).Trim();
        return disk;
    }

    /// <summary>The same disk under the same name, as behind another controller.</summary>
    public async Task Reattach(int sector)
    {
        await Shell.Must("losetup", "--detach", Path);
        await Shell.Must("losetup", "--sector-size", Text(sector), Path, _file);
    }

    /// <summary>What holds it keeps the device: a test that failed has told by then.</summary>
    public async ValueTask DisposeAsync()
    {
        await Shell.Run("losetup", "--detach", Path);
        File.Delete(_file);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
