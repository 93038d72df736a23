using System.Formats.Tar;

namespace DmAgents.EndToEnd.Tests.Support;

/// <summary>Root file system tars of a few files, for tests that need no Debian.</summary>
internal static class SmallImage
{
    public const string Text = "of the small image\n";

    /// <summary>A tar with /etc/name and, of the given length, /data.</summary>
    /// <returns>Its path.</returns>
    public static async Task<string> Write(string name, int dataLength = 0, int seed = 0)
    {
        var path = $"{Places.Work}/{name}.tar";
        await using var tar = new TarWriter(File.Create(path), TarEntryFormat.Pax);
        await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, "etc/") { Mode = Mode(0x1ED) });
        await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "etc/name")
        {
            Mode = Mode(0x1A4), DataStream = new MemoryStream(System.Text.Encoding.ASCII.GetBytes(Text)),
        });
        if (dataLength > 0)
        {
            var data = new byte[dataLength];
            new Random(seed).NextBytes(data);
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "data")
            {
                Mode = Mode(0x1A4), DataStream = new MemoryStream(data),
            });
        }
        return path;
    }

    private static UnixFileMode Mode(int mode) => (UnixFileMode)mode;
}
