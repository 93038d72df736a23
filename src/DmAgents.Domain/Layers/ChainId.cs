using System.Text;

namespace DmAgents.Domain.Layers;

/// <summary>
/// Identifies a layer together with all layers below it: two images share a layer exactly if the chain ids are equal.
/// Computed from the diff ids (digests of the uncompressed tars) by the OCI image specification (config.md, "Layer
/// ChainID").
/// </summary>
public readonly record struct ChainId(Digest Digest)
{
    /// <summary>The layer's name in all tables and file names, <c>sha256:…</c>.</summary>
    public string Value => Digest.Value;

    /// <summary>
    /// The identity of a layer with this diff id on top of <paramref name="parent"/>; without a parent, on the empty
    /// base.
    /// </summary>
    public static ChainId Of(ChainId? parent, Digest diffId) =>
        parent is { } below
            ? new ChainId(Digest.Of(Encoding.ASCII.GetBytes($"{below.Value} {diffId.Value}")))
            : new ChainId(diffId);

    public static ChainId Parse(string text) => new(Digest.Parse(text));

    public override string ToString() => Digest.ToString();
}
