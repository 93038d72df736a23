namespace DmAgents.Domain.Pools.Adoption;

/// <summary>Where claims and pool differ.</summary>
public enum AdoptionDifference
{
    /// <summary>It is claimed, and the pool does not have it. Not taken over.</summary>
    NotInPool,

    /// <summary>The pool has it, and nobody claims it. It goes to quarantine.</summary>
    Unclaimed,

    /// <summary>Several claims name one thin id. It goes to quarantine.</summary>
    SameId,

    /// <summary>Several claims use one key. Their thin ids go to quarantine.</summary>
    SameKey,

    /// <summary>The pool made the device before the claim says: it is another one. It goes to quarantine.</summary>
    OtherDevice,

    /// <summary>The pool maps more blocks than the claimed size has, or the size cannot be. It goes to quarantine.
    /// </summary>
    OtherSize,

    /// <summary>What it lies above is not taken over. The device is, without its lineage.</summary>
    NoParent,

    /// <summary>It came by an import, and no image that is taken over needs it. It is kept as a layer.</summary>
    NoImage,

    /// <summary>This host's kernel does not mount its file system. It is taken over all the same: another may.
    /// </summary>
    NotMountable,

    /// <summary>Its layer is not taken over; nor is the image.</summary>
    ImageWithoutLayer,

    /// <summary>Its device is not taken over, or its key is taken; nor is the view.</summary>
    ViewWithoutDevice,
}

/// <summary>A difference, for people.</summary>
/// <param name="Subject">The device, image or view.</param>
/// <param name="Why">With names and numbers.</param>
public sealed record AdoptionFinding(AdoptionDifference Difference, string Subject, string Why);
