using SafetySdk.Classification;

namespace SafetySdk.Policies;

/// <summary>Why a request was not simply allowed, in a word that a user may be told. Coarser than the categories, so that it gives no rule
/// away.</summary>
public enum RefusalCode
{
    /// <summary>No more can be said.</summary>
    General,

    /// <summary>Protection of children.</summary>
    ChildSafety,

    /// <summary>Sexual content.</summary>
    SexualContent,

    /// <summary>Violence.</summary>
    Violence,

    /// <summary>Self-harm. Comes with a help resource.</summary>
    SelfHarm,

    /// <summary>Hate, harassment, extremism.</summary>
    Hate,

    /// <summary>Wrongdoing and weapons.</summary>
    Wrongdoing,

    /// <summary>Rights of a person: privacy, identity, likeness.</summary>
    PersonalRights,

    /// <summary>Deception.</summary>
    Deception,

    /// <summary>Style of an artist.</summary>
    ArtistStyle,

    /// <summary>The picture does not support an answer.</summary>
    UnsupportedQuestion,

    /// <summary>The account may not use the service.</summary>
    Account,

    /// <summary>A check could not be completed.</summary>
    CheckIncomplete,
}

/// <summary>Short, neutral words for a user: no lecture, no rule, nothing of what was asked.</summary>
public static class Refusals
{
    private const string FallbackLanguage = "en";

    // Order: refused, self-harm, changed, waiting, incomplete, account.
    private static readonly Dictionary<string, string[]> Texts = new(StringComparer.OrdinalIgnoreCase)
    {
        ["en"] =
        [
            "I can't help with this request.",
            "I can't help with this request. If you are going through a hard time, you don't have to face it alone.",
            "I can do this with a small change to the request.",
            "This request is waiting for a person to look at it.",
            "This could not be checked just now. Please try again.",
            "This service is not available for this account.",
        ],
        ["de"] =
        [
            "Dabei kann ich nicht helfen.",
            "Dabei kann ich nicht helfen. Wenn es dir gerade schlecht geht, musst du damit nicht allein bleiben.",
            "Mit einer kleinen Änderung an der Anfrage geht das.",
            "Diese Anfrage wartet darauf, dass ein Mensch sie ansieht.",
            "Das konnte gerade nicht geprüft werden. Bitte versuche es noch einmal.",
            "Dieser Dienst steht für dieses Konto nicht zur Verfügung.",
        ],
        ["es"] =
        [
            "No puedo ayudar con esta solicitud.",
            "No puedo ayudar con esta solicitud. Si lo estás pasando mal, no tienes que afrontarlo a solas.",
            "Puedo hacerlo con un pequeño cambio en la solicitud.",
            "Esta solicitud está pendiente de que una persona la revise.",
            "No se ha podido comprobar ahora. Inténtalo de nuevo.",
            "Este servicio no está disponible para esta cuenta.",
        ],
        ["fr"] =
        [
            "Je ne peux pas répondre à cette demande.",
            "Je ne peux pas répondre à cette demande. Si vous traversez un moment difficile, vous n'êtes pas seul.",
            "C'est possible avec une petite modification de la demande.",
            "Cette demande attend d'être examinée par une personne.",
            "La vérification n'a pas pu se faire. Veuillez réessayer.",
            "Ce service n'est pas disponible pour ce compte.",
        ],
        ["pt"] =
        [
            "Não posso ajudar com este pedido.",
            "Não posso ajudar com este pedido. Se você está passando por um momento difícil, não precisa enfrentá-lo sozinho.",
            "Posso fazer isso com uma pequena mudança no pedido.",
            "Este pedido aguarda a análise de uma pessoa.",
            "Não foi possível verificar agora. Tente novamente.",
            "Este serviço não está disponível para esta conta.",
        ],
        ["ru"] =
        [
            "Я не могу помочь с этим запросом.",
            "Я не могу помочь с этим запросом. Если вам сейчас тяжело, вы не обязаны справляться в одиночку.",
            "Это возможно, если немного изменить запрос.",
            "Этот запрос ждёт проверки человеком.",
            "Сейчас проверить не удалось. Попробуйте ещё раз.",
            "Этот сервис недоступен для этой учётной записи.",
        ],
        ["ja"] =
        [
            "このリクエストにはお応えできません。",
            "このリクエストにはお応えできません。つらいときは、ひとりで抱え込まないでください。",
            "リクエストを少し変えれば対応できます。",
            "このリクエストは担当者の確認を待っています。",
            "現在確認できませんでした。もう一度お試しください。",
            "このアカウントではこのサービスをご利用いただけません。",
        ],
        ["zh"] =
        [
            "我无法处理这个请求。",
            "我无法处理这个请求。如果你正经历困难，你不必独自面对。",
            "稍微修改请求后即可处理。",
            "这个请求正在等待人工查看。",
            "目前无法完成检查，请重试。",
            "此账户无法使用该服务。",
        ],
    };

    /// <summary>The languages that there are texts in, as language codes.</summary>
    public static IReadOnlyCollection<string> Languages => Texts.Keys;

    /// <summary>The code for a user; null where the decision is <see cref="Decision.Allow"/>.</summary>
    /// <param name="decision">The decision.</param>
    /// <param name="reasons">Its reasons; the strictest tells.</param>
    public static RefusalCode? CodeOf(Decision decision, IReadOnlyList<VerdictReason> reasons)
    {
        ArgumentNullException.ThrowIfNull(reasons);
        if (decision == Decision.Allow)
        {
            return null;
        }

        VerdictReason? strictest = reasons.OrderByDescending(static r => r.Decision).ThenBy(static r => r.Stage)
            .ThenBy(static r => r.Rule, StringComparer.Ordinal).FirstOrDefault();
        return strictest is null ? RefusalCode.CheckIncomplete : CodeOf(strictest.Category);
    }

    /// <summary>The words for a user.</summary>
    /// <param name="decision">The decision.</param>
    /// <param name="code">The code of the verdict.</param>
    /// <param name="locale">A locale such as <c>pt-BR</c>; English where there is no text in its language, or it is null.</param>
    public static string Text(Decision decision, RefusalCode code, string? locale = null)
    {
        string language = (locale ?? FallbackLanguage).Split('-', '_')[0];
        string[] texts = Texts.TryGetValue(language, out string[]? found) ? found : Texts[FallbackLanguage];
        return code switch
        {
            RefusalCode.SelfHarm => texts[1],
            RefusalCode.CheckIncomplete => texts[4],
            RefusalCode.Account => texts[5],
            _ => decision switch
            {
                Decision.Transform => texts[2],
                Decision.Review => texts[3],
                Decision.NotChecked => texts[4],
                _ => texts[0],
            },
        };
    }

    private static RefusalCode CodeOf(SafetyCategory category) => category switch
    {
        SafetyCategory.KnownContent or SafetyCategory.SexualMinors or SafetyCategory.ChildPhoto or SafetyCategory.ChildDrawing
            or SafetyCategory.MinorMention or SafetyCategory.PublicFigureMinor or SafetyCategory.PhotorealChildRequest
            => RefusalCode.ChildSafety,
        SafetyCategory.Sexual or SafetyCategory.SexualSuggestive or SafetyCategory.SexualRealPerson or SafetyCategory.UndressingIntent
            => RefusalCode.SexualContent,
        SafetyCategory.Violence or SafetyCategory.GraphicViolence => RefusalCode.Violence,
        SafetyCategory.SelfHarm or SafetyCategory.SelfHarmInstructions or SafetyCategory.SelfHarmIntent
            or SafetyCategory.SelfHarmPromotion => RefusalCode.SelfHarm,
        SafetyCategory.Hate or SafetyCategory.Harassment or SafetyCategory.Extremism or SafetyCategory.HateSymbol
            or SafetyCategory.HatePraise => RefusalCode.Hate,
        SafetyCategory.Illicit or SafetyCategory.Weapons or SafetyCategory.MassCasualtyWeapons or SafetyCategory.Captcha
            => RefusalCode.Wrongdoing,
        SafetyCategory.Privacy or SafetyCategory.Identification or SafetyCategory.SensitiveTraits or SafetyCategory.Geolocation
            or SafetyCategory.PublicFigure or SafetyCategory.NamedPerson or SafetyCategory.OptedOutPerson or SafetyCategory.PersonPhoto
            => RefusalCode.PersonalRights,
        SafetyCategory.Misinformation or SafetyCategory.PoliticalDeception or SafetyCategory.DeceptiveDocument
            or SafetyCategory.SurveillanceStyle or SafetyCategory.Photorealistic => RefusalCode.Deception,
        SafetyCategory.ArtistStyle => RefusalCode.ArtistStyle,
        SafetyCategory.UngroundedInference or SafetyCategory.MedicalReading or SafetyCategory.TruthJudgement
            => RefusalCode.UnsupportedQuestion,
        SafetyCategory.UnderageAccount or SafetyCategory.AccountRisk or SafetyCategory.AccountDenied => RefusalCode.Account,
        SafetyCategory.CheckFailed => RefusalCode.CheckIncomplete,
        _ => RefusalCode.General,
    };
}
