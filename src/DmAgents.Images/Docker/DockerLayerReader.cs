using DmAgents.Domain.Layers;

namespace DmAgents.Images.Docker;

/// <summary>Reads the layer database: each layer's device and parent. No other file has the parents.</summary>
internal sealed class DockerLayerReader(StoreFiles files)
{
    public const string Database = $"image/{DockerStoreReader.Driver}/layerdb";
    private const string Directory = Database + "/sha256";

    public List<DockerLayer> Read()
    {
        var layers = new List<DockerLayer>();
        foreach (var name in files.Names(Directory))
        {
            if (ReadLayer(name, out var why) is { } layer)
                layers.Add(layer);
            else
                files.Find(FindingGravity.Loss, "the layer is left out", why, $"layer {DockerHashes.Short(name)}");
        }
        return layers;
    }

    private DockerLayer? ReadLayer(string name, out string why)
    {
        why = "";
        if (!Digest.TryParse($"sha256:{name}", out var digest))
            why = "its directory has no name of Docker's";
        else if (files.Line($"{Directory}/{name}/cache-id") is not { } device || !DockerHashes.IsDevice(device))
            why = "its cache-id, which names its device, is missing or damaged";
        else if (!Digest.TryParse(files.Line($"{Directory}/{name}/diff"), out var diff))
            why = "its diff, which identifies its content, is missing or damaged";
        else if (!ReadParent($"{Directory}/{name}/parent", out var parent))
            why = "its parent is damaged";
        else if (ChainId.Of(parent, diff) != new ChainId(digest))
            why = "it is not the one that its diff and its parent make: they are another layer's";
        else
            return new DockerLayer(new ChainId(digest), parent, diff, device);
        return null;
    }

    /// <summary>A layer directly on the base has no such file.</summary>
    public bool ReadParent(string file, out ChainId? parent)
    {
        parent = null;
        if (files.Line(file) is not { } line)
            return true;
        if (!Digest.TryParse(line, out var digest))
            return false;
        parent = new ChainId(digest);
        return true;
    }
}
