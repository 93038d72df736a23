using System.Globalization;
using System.Text;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;

namespace DmAgents.Domain.Pools;

/// <summary>The paths of a pool's files: <c>pools/NAME/</c> below the state directory.</summary>
/// <param name="StateDirectory">Absolute, without a slash at its end: <c>/var/lib/dmagents</c>.</param>
public sealed record PoolPaths(string StateDirectory, PoolName Pool)
{
    /// <summary>Below the 255 bytes of a file name, with room for ".json" and a temporary suffix.</summary>
    private const int MaxName = 200;

    public string Root => $"{StateDirectory}/pools/{Pool}";

    /// <summary>The pool's identity and backing, for an adoption.</summary>
    public string IdentityFile => Root + "/pool.json";

    /// <summary>One JSON file per reference.</summary>
    public string ImageDirectory => Root + "/images";

    /// <summary>One JSON file per view.</summary>
    public string ViewDirectory => Root + "/views";

    /// <summary>One JSON file per device: the journal's state for people and scripts.</summary>
    public string MetadataDirectory => Root + "/metadata";

    /// <summary>One directory per layer and container; the file system of a mounted one is there.</summary>
    public string MountDirectory => Root + "/mnt";

    public LoopFile DataFile => new(Root + "/data.img");

    public LoopFile MetadataFile => new(Root + "/metadata.img");

    /// <summary>The data file and the metadata file of a pool with a directory of its own; null: the files
    /// above.</summary>
    internal (LoopFile Data, LoopFile Metadata) FilesIn(MountPath? directory) =>
        directory is { } own && own.Value != Root
            ? (new LoopFile($"{own}/{Pool}-data.img"), new LoopFile($"{own}/{Pool}-metadata.img"))
            : (DataFile, MetadataFile);

    /// <summary>Scratch files for examining metadata; they exist only meanwhile.</summary>
    public LoopFile ScratchFile(string part) => new($"{Root}/scratch-{part}.img");

    /// <summary>Backups of the pool's own metadata, compressed text.</summary>
    public string BackupDirectory => Root + "/backups";

    /// <summary>One content map for each layer that was offered to other hosts or received from one.</summary>
    public string ContentDirectory => Root + "/content";

    /// <summary>State of transfers into the pool, so that they resume after a crash.</summary>
    public string TransferDirectory => Root + "/transfers";

    /// <summary>A layer's content map.</summary>
    public string ContentFileOf(DeviceKey layer) => $"{ContentDirectory}/{NameOf(layer)}.map";

    public string FileOf(ImageReference reference) => $"{ImageDirectory}/{Short(Escape(reference.Value))}.json";

    /// <summary>A view's file: views are named like devices, in a directory of their own.</summary>
    public string ViewFileOf(DeviceKey key) => $"{ViewDirectory}/{NameOf(key)}.json";

    public MountPath MountOf(DeviceKey key) => new($"{MountDirectory}/{NameOf(key)}");

    /// <summary>
    /// A device's name in mnt/ and metadata/: a container's own name, "sha256-..." for a layer. For other spaces, space
    /// and name joined by '~', which no container name contains. Different keys never share a name.
    /// </summary>
    public static string NameOf(DeviceKey key)
    {
        var name = key.Space switch
        {
            DeviceKey.ContainerSpace => key.Name,
            DeviceKey.LayerSpace => Escape(key.Name.Replace(':', '-')),
            DeviceKey.BaseSpace or DeviceKey.ImportSpace => $"{key.Space}-{Escape(key.Name.Replace(':', '-'))}",
            _ => $"{Escape(key.Space)}~{Escape(key.Name)}",
        };
        return Short(name);
    }

    private static string Short(string name) => name.Length <= MaxName ? name : Shortened(name);

    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'_' or (byte)'.')
                escaped.Append((char)b);
            else
                escaped.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }
        return escaped.ToString();
    }

    private static string Shortened(string name)
    {
        var hash = System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(name));
        return $"{name[..(MaxName - 65)]}~{Convert.ToHexStringLower(hash)}";
    }
}
