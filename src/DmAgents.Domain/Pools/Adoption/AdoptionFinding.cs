namespace DmAgents.Domain.Pools.Adoption;

/// <summary>The ways in which claims and pool can differ.</summary>
public enum AdoptionDifference
{
    /// <summary>The pool does not have the claimed device. It is not adopted.</summary>
    NotInPool,

    /// <summary>No claim names the pool's thin id. It is quarantined.</summary>
    Unclaimed,

    /// <summary>Several claims name one thin id. It is quarantined.</summary>
    SameId,

    /// <summary>Several claims use one key. Their thin ids are quarantined.</summary>
    SameKey,

    /// <summary>The pool created the device before the time in the claim, so it is another device. It is
    /// quarantined.</summary>
    OtherDevice,

    /// <summary>The pool maps more blocks than the claimed size has, or the size is impossible. The id is
    /// quarantined.</summary>
    OtherSize,

    /// <summary>The parent is not adopted. The device is, without its lineage.</summary>
    NoParent,

    /// <summary>An import made the layer, and no adopted image needs it. It is kept as a layer.</summary>
    NoImage,

    /// <summary>This host's kernel cannot mount its file system. The device is adopted anyway: another kernel may mount
    /// it.</summary>
    NotMountable,

    /// <summary>The image's layer is not adopted, so neither is the image.</summary>
    ImageWithoutLayer,

    /// <summary>The view's device is not adopted, or its key is taken, so the view is not adopted.</summary>
    ViewWithoutDevice,
}

/// <summary>A difference, for people.</summary>
/// <param name="Subject">The device, image or view.</param>
/// <param name="Why">The reason, with names and numbers.</param>
public sealed record AdoptionFinding(AdoptionDifference Difference, string Subject, string Why);
